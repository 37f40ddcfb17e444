// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>
#include <stdint.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "batch.h"
#include "capture.h"
#include "consumer-priority.h"
#include "ring-level.h"
#include "thread-placement.h"

namespace flowtap {

// Empties the ring buffer into batches. While the consumer of the batches lags behind, records stay in the ring: it is
// the one bounded queue, and the programs count what does not fit.
class PollThread {
 public:
  // `deliver` gets each batch; nullptr is the end. Whoever takes a batch gives it back to `Release`.
  using Deliver = std::function<void(Batch*)>;

  PollThread() = default;
  ~PollThread() { Abandon(); }
  PollThread(const PollThread&) = delete;
  PollThread& operator=(const PollThread&) = delete;

  Outcome Start(Capture* object, Deliver deliver);
  // Delivers what is in the ring, then nullptr, then ends. Does not wait.
  void Finish();
  // Ends without delivering, and waits for the end.
  void Abandon();
  void Release(Batch* batch);
  // The calling thread, which handles the batches, gives way to others while it keeps up. False where it may not.
  bool GiveWay();
  // It competes as it did before.
  void StopGivingWay();
  // For that thread, now and then while it works: whoever waits for its processor gets it first, if it gives way.
  void Yield();

 private:
  static int OnRecord(void* context, void* data, size_t size);
  bool Continues(const flowtap_header* header, size_t used);
  void Run();
  size_t Drain();
  bool AwaitsRelease();
  void Judge(bool is_behind);
  // With the lock.
  void TakePlace(Lag lag);
  void StepAside();
  Lag Measure(bool is_behind) const;
  void Wait(int timeout_ms);
  void SetConsumer(uint32_t consumer);

  Capture* object_ = nullptr;
  Deliver deliver_;
  ring_buffer* ring_ = nullptr;
  int epoll_ = -1;
  int stop_event_ = -1;
  std::thread thread_;
  std::atomic<bool> finishing_{false};
  std::atomic<bool> abandoned_{false};
  std::mutex mutex_;
  std::condition_variable released_;
  int in_flight_ = 0;
  ConsumerPriority priority_;
  ThreadPlacement consumer_placement_;
  ThreadPlacement own_placement_;
  int last_processor_ = ThreadPlacement::kAnywhere;  // where a record came from
  RingLevel level_;
  Batch* current_ = nullptr;
  static constexpr size_t kNoRecord = ~size_t{0};
  size_t last_ = kNoRecord;  // where in it the last record begins, if that is data
  std::vector<Batch*> spare_;
  std::vector<std::unique_ptr<Batch>> batches_;  // all of them
};

}  // namespace flowtap
