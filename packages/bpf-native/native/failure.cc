// SPDX-License-Identifier: Apache-2.0
#include "failure.h"

#include <bpf/libbpf.h>
#include <stdarg.h>
#include <stdio.h>

#include <mutex>

namespace flowtap {
namespace {

// A verifier log can be megabytes; its end says what is wrong.
constexpr size_t kMaxLogBytes = 16384;
thread_local std::string collected;

int Collect(enum libbpf_print_level level, const char* format, va_list arguments) {
  if (level == LIBBPF_DEBUG) return 0;
  va_list again;
  va_copy(again, arguments);
  int length = vsnprintf(nullptr, 0, format, again);
  va_end(again);
  if (length <= 0) return 0;
  // The verifier's whole log comes as one message.
  std::string message(length + 1, '\0');
  vsnprintf(message.data(), message.size(), format, arguments);
  message.pop_back();
  collected += message;
  if (collected.size() > kMaxLogBytes) collected.erase(0, collected.size() - kMaxLogBytes);
  return length;
}

}  // namespace

void InstallLibbpfLog() {
  static std::once_flag once;
  std::call_once(once, [] { libbpf_set_print(Collect); });
}

void ClearLibbpfLog() { collected.clear(); }

std::string TakeLibbpfLog() {
  std::string log;
  log.swap(collected);
  return log;
}

Failure MakeFailure(std::string operation, int error) {
  return Failure{std::move(operation), error < 0 ? -error : error, TakeLibbpfLog()};
}

}  // namespace flowtap
