// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

namespace flowtap {

// What went wrong in terms of the kernel; TypeScript makes an error of it that says what to do.
struct Failure {
  std::string operation;  // "load", "attach syscall_exit", …
  int error;              // errno, positive
  std::string log;        // what libbpf and the verifier said, the end of it
};

using Outcome = std::optional<Failure>;  // empty: it worked

// libbpf reports through a process-wide callback; each thread collects what its own calls say.
void InstallLibbpfLog();
void ClearLibbpfLog();
std::string TakeLibbpfLog();

Failure MakeFailure(std::string operation, int error);

}  // namespace flowtap
