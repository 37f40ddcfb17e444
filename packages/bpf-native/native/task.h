// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <napi.h>

#include <functional>
#include <utility>

#include "failure.h"

namespace flowtap {

inline Napi::Error ToError(Napi::Env env, const Failure& failure) {
  Napi::Error error = Napi::Error::New(env, failure.operation);
  error.Set("operation", failure.operation);
  error.Set("errno", static_cast<double>(failure.error));
  error.Set("log", failure.log);
  return error;
}

// Runs blocking work off the JavaScript thread. `Value` is what the promise resolves to.
template <typename Value>
class Task : public Napi::AsyncWorker {
 public:
  using Work = std::function<Outcome(Value*)>;

  // `owner` is kept alive until the work is done.
  static Napi::Promise Run(Napi::Env env, Napi::Object owner, Work work) {
    auto* task = new Task(env, std::move(work));
    task->owner_ = Napi::Persistent(owner);
    Napi::Promise promise = task->deferred_.Promise();
    task->Queue();
    return promise;
  }

 protected:
  void Execute() override { outcome_ = work_(&value_); }

  void OnOK() override {
    if (outcome_)
      deferred_.Reject(ToError(Env(), *outcome_).Value());
    else
      deferred_.Resolve(Napi::Value::From(Env(), value_));
  }

 private:
  Task(Napi::Env env, Work work)
      : Napi::AsyncWorker(env), deferred_(Napi::Promise::Deferred::New(env)), work_(std::move(work)) {}

  Napi::Promise::Deferred deferred_;
  Napi::ObjectReference owner_;
  Work work_;
  Outcome outcome_;
  Value value_{};
};

}  // namespace flowtap
