// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

namespace flowtap {

// How the thread that handles the batches competes for processors. While it keeps up it takes those that nobody wants
// (SCHED_IDLE, sched(7)): what is captured waits for it at no time. When it does not, it comes before the others: they
// wait for nobody, and what they do while it waits for its turn fills the ring. Not synchronised.
class ConsumerPriority {
 public:
  // The calling thread from now on. False, and nothing changes, where its priority was chosen already or the kernel
  // would not let it have its place back (capabilities(7), CAP_SYS_NICE).
  bool Enable();
  // After each round: whether a batch was not dealt with in time, or there is more than one batch takes.
  void Round(bool is_behind);
  // As it was.
  void Disable();

 private:
  enum class Place { kUnchanged, kBehindOthers, kBeforeOthers };
  void Take(Place place);

  pid_t thread_ = 0;
  Place place_ = Place::kUnchanged;
  int calm_rounds_ = 0;
};

}  // namespace flowtap
