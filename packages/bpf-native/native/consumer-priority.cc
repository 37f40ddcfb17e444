// SPDX-License-Identifier: Apache-2.0
#include "consumer-priority.h"

#include <sched.h>
#include <sys/resource.h>

namespace flowtap {
namespace {

// As nice(1) counts.
constexpr int kNormal = 0;
constexpr int kRaised = -5;
// Outputs write what came with a batch within this time of it. 1 s.
constexpr int kCalmRounds = 100;

bool SetPolicy(pid_t thread, int policy) {
  sched_param parameters = {};
  return sched_setscheduler(thread, policy, &parameters) == 0;
}

}  // namespace

bool ConsumerPriority::Enable(pid_t thread) {
  if (sched_getscheduler(thread) != SCHED_OTHER || getpriority(PRIO_PROCESS, thread) != kNormal) return false;
  if (setpriority(PRIO_PROCESS, thread, kRaised) || setpriority(PRIO_PROCESS, thread, kNormal)) return false;
  thread_ = thread;
  place_ = Place::kAmongOthers;
  calm_rounds_ = 0;
  return true;
}

void ConsumerPriority::Round(Lag lag) {
  if (!thread_) return;
  calm_rounds_ = lag == Lag::kNone ? calm_rounds_ + 1 : 0;
  if (lag == Lag::kMuch)
    Take(Place::kBeforeOthers);
  else if (lag == Lag::kConsiderable && place_ == Place::kBeforeOthers)
    return;  // until most of it is done: the threads would else change places all the time
  else if (calm_rounds_ >= kCalmRounds)
    Take(Place::kBehindOthers);
  else if (lag != Lag::kNone || place_ == Place::kBeforeOthers)
    Take(Place::kAmongOthers);
}

void ConsumerPriority::Disable() {
  if (thread_) Take(Place::kAmongOthers);
  thread_ = 0;
}

void ConsumerPriority::Take(Place place) {
  if (place_ == place) return;
  bool is_idle = place == Place::kBehindOthers;
  if (is_idle || place_ == Place::kBehindOthers) {
    if (!SetPolicy(thread_, is_idle ? SCHED_IDLE : SCHED_OTHER)) return;
  }
  if (!is_idle) setpriority(PRIO_PROCESS, thread_, place == Place::kBeforeOthers ? kRaised : kNormal);
  place_ = place;
}

}  // namespace flowtap
