// SPDX-License-Identifier: Apache-2.0
#include "consumer-priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace flowtap {
namespace {

// As nice(1) counts.
constexpr int kRaised = -5;
// Outputs write what came with a batch within this time of it. 1 s.
constexpr int kCalmRounds = 100;

bool SetPolicy(pid_t thread, int policy) {
  sched_param parameters = {};
  return sched_setscheduler(thread, policy, &parameters) == 0;
}

}  // namespace

bool ConsumerPriority::Enable() {
  auto thread = static_cast<pid_t>(syscall(SYS_gettid));
  if (sched_getscheduler(thread) != SCHED_OTHER || getpriority(PRIO_PROCESS, thread) != 0) return false;
  if (setpriority(PRIO_PROCESS, thread, kRaised)) return false;
  thread_ = thread;
  place_ = Place::kBeforeOthers;
  calm_rounds_ = 0;
  return true;
}

void ConsumerPriority::Round(bool is_behind) {
  calm_rounds_ = is_behind ? 0 : calm_rounds_ + 1;
  if (is_behind)
    Take(Place::kBeforeOthers);
  else if (calm_rounds_ >= kCalmRounds)
    Take(Place::kBehindOthers);
}

void ConsumerPriority::Disable() {
  if (place_ == Place::kUnchanged) return;
  Take(Place::kBeforeOthers);
  setpriority(PRIO_PROCESS, thread_, 0);
  place_ = Place::kUnchanged;
}

void ConsumerPriority::Take(Place place) {
  if (place_ == place || place_ == Place::kUnchanged) return;
  // The nice value stays what it is while the policy is SCHED_IDLE.
  if (SetPolicy(thread_, place == Place::kBehindOthers ? SCHED_IDLE : SCHED_OTHER)) place_ = place;
}

}  // namespace flowtap
