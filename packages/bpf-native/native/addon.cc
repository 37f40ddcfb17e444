// SPDX-License-Identifier: Apache-2.0
#include <napi.h>

#include "session.h"

namespace {

Napi::Object Initialize(Napi::Env env, Napi::Object exports) {
  exports.Set("Session", flowtap::Session::Define(env));
  return exports;
}

}  // namespace

NODE_API_MODULE(flowtap, Initialize)
