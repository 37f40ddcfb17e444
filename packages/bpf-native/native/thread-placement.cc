// SPDX-License-Identifier: Apache-2.0
#include "thread-placement.h"

namespace flowtap {

void ThreadPlacement::Begin(pid_t thread) {
  bool has_choice = sched_getaffinity(thread, sizeof(allowed_), &allowed_) == 0 && CPU_COUNT(&allowed_) > 1;
  thread_ = has_choice ? thread : 0;
  avoided_ = kAnywhere;
  chosen_ = allowed_;
}

void ThreadPlacement::KeepOff(int processor) {
  if (!thread_ || processor == avoided_) return;
  cpu_set_t now, wanted = allowed_;
  if (sched_getaffinity(thread_, sizeof(now), &now) || !CPU_EQUAL(&now, &chosen_)) {
    thread_ = 0;
    return;
  }
  if (processor != kAnywhere) CPU_CLR(processor, &wanted);
  if (sched_setaffinity(thread_, sizeof(wanted), &wanted)) return;
  chosen_ = wanted;
  avoided_ = processor;
}

}  // namespace flowtap
