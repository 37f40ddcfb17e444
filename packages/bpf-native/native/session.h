// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <deque>
#include <map>
#include <memory>
#include <string>

#include "capture.h"
#include "poll-thread.h"

namespace flowtap {

// One capture, as JavaScript holds it. src/records/native-binding.ts is the typed view of these methods.
class Session : public Napi::ObjectWrap<Session> {
 public:
  static Napi::Function Define(Napi::Env env);
  explicit Session(const Napi::CallbackInfo& info);
  ~Session() override;

 private:
  Napi::Value Load(const Napi::CallbackInfo& info);
  Napi::Value LoadLater(const Napi::CallbackInfo& info);
  Napi::Value Start(const Napi::CallbackInfo& info);
  Napi::Value Release(const Napi::CallbackInfo& info);
  Napi::Value GiveWay(const Napi::CallbackInfo& info);
  Napi::Value YieldProcessor(const Napi::CallbackInfo& info);
  Napi::Value Stop(const Napi::CallbackInfo& info);
  Napi::Value Close(const Napi::CallbackInfo& info);
  Napi::Value AttachProgram(const Napi::CallbackInfo& info);
  Napi::Value AttachKprobe(const Napi::CallbackInfo& info);
  Napi::Value AttachUprobes(const Napi::CallbackInfo& info);
  Napi::Value Detach(const Napi::CallbackInfo& info);
  Napi::Value MapSet(const Napi::CallbackInfo& info);
  Napi::Value MapDelete(const Napi::CallbackInfo& info);
  Napi::Value MapEntries(const Napi::CallbackInfo& info);
  Napi::Value SetSpawn(const Napi::CallbackInfo& info);
  Napi::Value SetCgroups(const Napi::CallbackInfo& info);
  Napi::Value SetFileReady(const Napi::CallbackInfo& info);
  Napi::Value Quiesce(const Napi::CallbackInfo& info);
  Napi::Value Counters(const Napi::CallbackInfo& info);
  Napi::Value WhoAmI(const Napi::CallbackInfo& info);

  // The descriptor of a map whose key (and value, when given) have the right size; -1 with an exception pending.
  int CheckedMap(const Napi::CallbackInfo& info, size_t arguments);
  void DeliverBatch(Batch* batch);
  Napi::Value ViewOf(Napi::Env env, Batch* batch);
  void Abandon();
  static void OnEnvironmentEnd(void* self);

  // Shared with work that is under way in other threads.
  std::shared_ptr<Capture> object_ = std::make_shared<Capture>();
  std::unique_ptr<PollThread> thread_;
  Napi::ThreadSafeFunction deliver_;
  std::unique_ptr<Napi::Promise::Deferred> stopped_;
  bool delivering_ = false;
  std::deque<Batch*> handed_over_;  // and not released yet
  std::map<Batch*, Napi::Reference<Napi::Buffer<uint8_t>>> views_;
};

}  // namespace flowtap
