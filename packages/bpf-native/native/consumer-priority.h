// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <atomic>

namespace flowtap {

// How much of what happens the thread that handles the batches has not got around to.
enum class Lag { kNone, kSome, kConsiderable, kMuch };

// How that thread competes for processors. While it keeps up it takes those that nobody wants (SCHED_IDLE, sched(7)): what
// is captured waits for it at no time. When it does not, it competes like any other; and it comes before the others when
// the ring threatens to fill: they wait for nobody. Not synchronised but for what says so.
class ConsumerPriority {
 public:
  // This thread from now on. False, and nothing changes, where its priority was chosen already or the kernel would not let
  // it have its place back (capabilities(7), CAP_SYS_NICE).
  bool Enable(pid_t thread);
  // After each round of the thread that empties the ring.
  void Round(Lag lag);
  // As it was.
  void Disable();
  // It takes processors that nobody wants.
  bool is_behind_others() const { return thread_ && place_ == Place::kBehindOthers; }
  // It was enabled, and competes like any other. May be asked by any thread.
  bool is_among_others() const { return thread_ && place_ == Place::kAmongOthers; }

 private:
  enum class Place { kBehindOthers, kAmongOthers, kBeforeOthers };
  void Take(Place place);

  std::atomic<pid_t> thread_{0};  // 0: not enabled
  std::atomic<Place> place_{Place::kAmongOthers};
  int calm_rounds_ = 0;
};

}  // namespace flowtap
