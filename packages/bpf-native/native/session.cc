// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <time.h>

#include <vector>

#include "task.h"

namespace flowtap {
namespace {

std::string Text(const Napi::CallbackInfo& info, size_t index) { return info[index].As<Napi::String>().Utf8Value(); }

std::vector<std::string> Texts(const Napi::CallbackInfo& info, size_t index) {
  auto array = info[index].As<Napi::Array>();
  std::vector<std::string> texts;
  for (uint32_t i = 0; i < array.Length(); i++) texts.push_back(array.Get(i).As<Napi::String>().Utf8Value());
  return texts;
}

uint32_t Number(const Napi::CallbackInfo& info, size_t index) { return info[index].As<Napi::Number>().Uint32Value(); }

std::vector<uint64_t> Numbers(const Napi::CallbackInfo& info, size_t index) {
  auto array = info[index].As<Napi::Array>();
  std::vector<uint64_t> numbers;
  for (uint32_t i = 0; i < array.Length(); i++) numbers.push_back(array.Get(i).As<Napi::Number>().Int64Value());
  return numbers;
}

Napi::Value Throw(Napi::Env env, const Failure& failure) {
  ToError(env, failure).ThrowAsJavaScriptException();
  return env.Undefined();
}

// The state exists between Load and Close only.
Napi::Value ThrowNotLoaded(Napi::Env env) { return Throw(env, Failure{"use a capture that is not loaded", EBADF, ""}); }

}  // namespace

Napi::Function Session::Define(Napi::Env env) {
  return DefineClass(env, "Session",
                     {
                         InstanceMethod<&Session::Load>("load"),
                         InstanceMethod<&Session::LoadLater>("loadLater"),
                         InstanceMethod<&Session::Start>("start"),
                         InstanceMethod<&Session::Release>("release"),
                         InstanceMethod<&Session::GiveWay>("giveWay"),
                         InstanceMethod<&Session::YieldProcessor>("yieldProcessor"),
                         InstanceMethod<&Session::Stop>("stop"),
                         InstanceMethod<&Session::Close>("close"),
                         InstanceMethod<&Session::AttachProgram>("attachProgram"),
                         InstanceMethod<&Session::AttachKprobe>("attachKprobe"),
                         InstanceMethod<&Session::AttachUprobes>("attachUprobes"),
                         InstanceMethod<&Session::Detach>("detach"),
                         InstanceMethod<&Session::MapSet>("mapSet"),
                         InstanceMethod<&Session::MapDelete>("mapDelete"),
                         InstanceMethod<&Session::MapEntries>("mapEntries"),
                         InstanceMethod<&Session::SetSpawn>("setSpawn"),
                         InstanceMethod<&Session::SetCgroups>("setCgroups"),
                         InstanceMethod<&Session::SetFileReady>("setFileReady"),
                         InstanceMethod<&Session::Quiesce>("quiesce"),
                         InstanceMethod<&Session::Counters>("counters"),
                         InstanceMethod<&Session::WhoAmI>("whoAmI"),
                     });
}

Session::Session(const Napi::CallbackInfo& info) : Napi::ObjectWrap<Session>(info) {
  // The environment can end (worker terminated, process exit) while the thread runs.
  napi_add_env_cleanup_hook(info.Env(), OnEnvironmentEnd, this);
}

Session::~Session() {
  napi_remove_env_cleanup_hook(Env(), OnEnvironmentEnd, this);
  Abandon();
}

void Session::OnEnvironmentEnd(void* self) { static_cast<Session*>(self)->Abandon(); }

void Session::Abandon() {
  if (thread_) thread_->Abandon();
  thread_.reset();
  handed_over_.clear();
  views_.clear();
  if (delivering_) deliver_.Abort();
  delivering_ = false;
}

Napi::Value Session::Load(const Napi::CallbackInfo& info) {
  auto options = info[0].As<Napi::Object>();
  auto setting = [&](const char* name) { return options.Get(name).As<Napi::Number>().Uint32Value(); };
  flowtap_config config = {};
  config.ring_bytes = setting("ringBytes");
  config.headroom_bytes = setting("headroomBytes");
  config.watermark_bytes = setting("watermarkBytes");
  config.max_call_bytes = setting("maxCallBytes");
  std::vector<std::string> without = Texts(info, 1);
  bool uprobe_multi = info[2].As<Napi::Boolean>();
  return Task<bool>::Run(info.Env(), Value(), [object = object_, config, without, uprobe_multi](bool* loaded) {
    *loaded = true;
    return object->Load(config, without, uprobe_multi);
  });
}

Napi::Value Session::LoadLater(const Napi::CallbackInfo& info) {
  return Task<bool>::Run(info.Env(), Value(), [object = object_, programs = Texts(info, 0)](bool* loaded) {
    *loaded = true;
    return object->LoadLater(programs);
  });
}

Napi::Value Session::Start(const Napi::CallbackInfo& info) {
  if (!object_->state()) return ThrowNotLoaded(info.Env());
  deliver_ = Napi::ThreadSafeFunction::New(info.Env(), info[0].As<Napi::Function>(), "flowtap-batches", 0, 1);
  delivering_ = true;
  thread_ = std::make_unique<PollThread>();
  Outcome outcome = thread_->Start(object_.get(), [this](Batch* batch) { DeliverBatch(batch); });
  if (outcome) {
    Abandon();
    return Throw(info.Env(), *outcome);
  }
  return info.Env().Undefined();
}

// On the ring's thread. The queue needs no bound of its own: the thread has at most two batches out.
void Session::DeliverBatch(Batch* batch) {
  deliver_.NonBlockingCall(batch, [this](Napi::Env env, Napi::Function on_batch, Batch* bytes) {
    if (!thread_) return;
    if (!bytes) {
      Abandon();
      if (stopped_) stopped_->Resolve(env.Undefined());
      return;
    }
    handed_over_.push_back(bytes);
    on_batch.Call({ViewOf(env, bytes), Napi::Number::New(env, static_cast<double>(bytes->size))});
  });
}

// There are few batches and they are used again and again: each has one view, made once.
Napi::Value Session::ViewOf(Napi::Env env, Batch* batch) {
  auto known = views_.find(batch);
  // A listener that transfers the memory to a worker takes it away from its view: then there is a new one.
  if (known != views_.end() && known->second.Value().ByteLength() != 0) return known->second.Value();
  if (known != views_.end()) {
    std::shared_ptr<uint8_t[]> taken = batch->memory;
    batch->memory = Batch().memory;
    memcpy(batch->data(), taken.get(), batch->size);
  }
  auto* owner = new std::shared_ptr<uint8_t[]>(batch->memory);
  auto view = Napi::Buffer<uint8_t>::New(
      env, batch->data(), Batch::kCapacity, [](Napi::Env, uint8_t*, std::shared_ptr<uint8_t[]>* memory) { delete memory; },
      owner);
  views_[batch] = Napi::Persistent(view);
  return view;
}

// JavaScript decides when the next batch may come: while it waits, records stay in the ring.
Napi::Value Session::Release(const Napi::CallbackInfo& info) {
  if (thread_ && !handed_over_.empty()) {
    thread_->Release(handed_over_.front());
    handed_over_.pop_front();
  }
  return info.Env().Undefined();
}

Napi::Value Session::GiveWay(const Napi::CallbackInfo& info) {
  bool gives_way = false;
  if (thread_ && info[0].As<Napi::Boolean>())
    gives_way = thread_->GiveWay();
  else if (thread_)
    thread_->StopGivingWay();
  return Napi::Boolean::New(info.Env(), gives_way);
}

Napi::Value Session::YieldProcessor(const Napi::CallbackInfo& info) {
  if (thread_) thread_->Yield();
  return info.Env().Undefined();
}

Napi::Value Session::Stop(const Napi::CallbackInfo& info) {
  if (!stopped_) {
    stopped_ = std::make_unique<Napi::Promise::Deferred>(Napi::Promise::Deferred::New(info.Env()));
    if (thread_)
      thread_->Finish();
    else
      stopped_->Resolve(info.Env().Undefined());
  }
  return stopped_->Promise();
}

Napi::Value Session::Close(const Napi::CallbackInfo& info) {
  Abandon();
  return Task<bool>::Run(info.Env(), Value(), [object = object_](bool* closed) -> Outcome {
    object->Close();
    *closed = true;
    return {};
  });
}

Napi::Value Session::AttachProgram(const Napi::CallbackInfo& info) {
  return Task<uint32_t>::Run(info.Env(), Value(), [object = object_, program = Text(info, 0)](uint32_t* link) {
    return object->AttachProgram(program, link);
  });
}

Napi::Value Session::AttachKprobe(const Napi::CallbackInfo& info) {
  bool at_return = info[2].As<Napi::Boolean>();
  return Task<uint32_t>::Run(
      info.Env(), Value(), [object = object_, program = Text(info, 0), function = Text(info, 1), at_return](uint32_t* link) {
        return object->AttachKprobe(program, function, at_return, link);
      });
}

Napi::Value Session::AttachUprobes(const Napi::CallbackInfo& info) {
  bool at_return = info[4].As<Napi::Boolean>();
  return Task<uint32_t>::Run(info.Env(), Value(),
                             [object = object_, program = Text(info, 0), path = Text(info, 1), offsets = Numbers(info, 2),
                              cookies = Numbers(info, 3), at_return](uint32_t* link) {
                               return object->AttachUprobes(program, path, offsets, cookies, at_return, link);
                             });
}

Napi::Value Session::Detach(const Napi::CallbackInfo& info) {
  auto ids = info[0].As<Napi::Array>();
  std::vector<uint32_t> links;
  for (uint32_t i = 0; i < ids.Length(); i++) links.push_back(ids.Get(i).As<Napi::Number>().Uint32Value());
  return Task<bool>::Run(info.Env(), Value(), [object = object_, links](bool* detached) -> Outcome {
    object->Detach(links);
    *detached = true;
    return {};
  });
}

int Session::CheckedMap(const Napi::CallbackInfo& info, size_t arguments) {
  uint32_t sizes[2] = {};
  int fd = object_->MapFd(Text(info, 0), &sizes[0], &sizes[1]);
  if (fd < 0) {
    Throw(info.Env(), Failure{"open map " + Text(info, 0), ENOENT, ""});
    return -1;
  }
  for (size_t i = 0; i < arguments; i++) {
    if (info[i + 1].As<Napi::Buffer<uint8_t>>().ByteLength() == sizes[i]) continue;
    Throw(info.Env(), Failure{"use map " + Text(info, 0), EINVAL, "key or value of the wrong size"});
    return -1;
  }
  return fd;
}

Napi::Value Session::MapSet(const Napi::CallbackInfo& info) {
  int fd = CheckedMap(info, 2);
  if (fd < 0) return info.Env().Undefined();
  const uint8_t* key = info[1].As<Napi::Buffer<uint8_t>>().Data();
  const uint8_t* value = info[2].As<Napi::Buffer<uint8_t>>().Data();
  if (bpf_map_update_elem(fd, key, value, BPF_ANY)) return Throw(info.Env(), MakeFailure("update map " + Text(info, 0), errno));
  return info.Env().Undefined();
}

Napi::Value Session::MapDelete(const Napi::CallbackInfo& info) {
  int fd = CheckedMap(info, 1);
  if (fd < 0) return info.Env().Undefined();
  bool deleted = bpf_map_delete_elem(fd, info[1].As<Napi::Buffer<uint8_t>>().Data()) == 0;
  return Napi::Boolean::New(info.Env(), deleted);
}

// [key, value, key, value, …]
Napi::Value Session::MapEntries(const Napi::CallbackInfo& info) {
  int fd = CheckedMap(info, 0);
  auto entries = Napi::Array::New(info.Env());
  if (fd < 0) return entries;
  uint32_t key_size, value_size, length = 0;
  object_->MapFd(Text(info, 0), &key_size, &value_size);
  std::vector<uint8_t> key(key_size), next(key_size), value(value_size);
  uint32_t limit = 1 << 20;  // A map that changes meanwhile can make the walk start over.
  for (bool first = true; limit && !bpf_map_get_next_key(fd, first ? nullptr : key.data(), next.data()); limit--) {
    first = false;
    key.swap(next);
    if (bpf_map_lookup_elem(fd, key.data(), value.data())) continue;
    entries.Set(length++, Napi::Buffer<uint8_t>::Copy(info.Env(), key.data(), key_size));
    entries.Set(length++, Napi::Buffer<uint8_t>::Copy(info.Env(), value.data(), value_size));
  }
  return entries;
}

Napi::Value Session::SetSpawn(const Napi::CallbackInfo& info) {
  if (!object_->state()) return ThrowNotLoaded(info.Env());
  object_->state()->spawn_target = Number(info, 1);
  __atomic_store_n(&object_->state()->spawn_parent, Number(info, 0), __ATOMIC_SEQ_CST);
  return info.Env().Undefined();
}

Napi::Value Session::SetCgroups(const Napi::CallbackInfo& info) {
  if (!object_->state()) return ThrowNotLoaded(info.Env());
  uint64_t hierarchies = 0;
  auto ids = info[1].As<Napi::Array>();
  for (uint32_t i = 0; i < ids.Length(); i++) hierarchies |= 1ull << (ids.Get(i).As<Napi::Number>().Uint32Value() % 64);
  object_->state()->cgroup_hierarchies = hierarchies;
  __atomic_store_n(&object_->state()->cgroup_targets, Number(info, 0), __ATOMIC_SEQ_CST);
  return info.Env().Undefined();
}

Napi::Value Session::SetFileReady(const Napi::CallbackInfo& info) {
  if (!object_->state()) return ThrowNotLoaded(info.Env());
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);
  uint64_t ready_ns = info[1].As<Napi::Boolean>() ? static_cast<uint64_t>(now.tv_sec) * 1000000000 + now.tv_nsec : 0;
  __atomic_store_n(&object_->state()->file_ready_ns[Number(info, 0) % FLOWTAP_PROBED_FILES], ready_ns, __ATOMIC_SEQ_CST);
  return info.Env().Undefined();
}

Napi::Value Session::Quiesce(const Napi::CallbackInfo& info) {
  if (!object_->state()) return ThrowNotLoaded(info.Env());
  __atomic_store_n(&object_->state()->is_stopped, 1, __ATOMIC_SEQ_CST);
  return info.Env().Undefined();
}

// [events, bytes] for each counter, in the order of enum flowtap_counter.
Napi::Value Session::Counters(const Napi::CallbackInfo& info) {
  auto values = Napi::Float64Array::New(info.Env(), FLOWTAP_COUNTERS * 2);
  flowtap_count totals[FLOWTAP_COUNTERS] = {};
  object_->ReadCounters(totals);
  for (size_t i = 0; i < FLOWTAP_COUNTERS; i++) {
    values[i * 2] = static_cast<double>(totals[i].events);
    values[i * 2 + 1] = static_cast<double>(totals[i].bytes);
  }
  return values;
}

Napi::Value Session::WhoAmI(const Napi::CallbackInfo& info) {
  return Napi::Number::New(info.Env(), object_->WhoAmI());
}

}  // namespace flowtap
