// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sched.h>
#include <sys/types.h>

namespace flowtap {

// Keeps a thread off one processor (sched_setaffinity(2)). Not synchronised.
class ThreadPlacement {
 public:
  static constexpr int kAnywhere = -1;

  // Where the thread may run now is where it may run later. One that has no choice is left alone.
  void Begin(pid_t thread);
  // The thread runs on any of its processors but this one, or again on all of them. As soon as somebody else has chosen
  // processors for it, that choice stays.
  void KeepOff(int processor);

 private:
  pid_t thread_ = 0;  // 0: left alone
  int avoided_ = kAnywhere;
  cpu_set_t allowed_ = {};
  cpu_set_t chosen_ = {};
};

}  // namespace flowtap
