// SPDX-License-Identifier: Apache-2.0
#include "poll-thread.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace flowtap {
namespace {

// One batch is being handled while the next one fills.
constexpr int kMaxInFlight = 2;
// How long a record waits at most while traffic flows.
constexpr int kDrainIntervalMs = 10;
// The same while it flows fast. What the kernel does when the consumer takes a processor for a moment, putting those who
// talk to each other on the other one together, it undoes only some 20 ms later: so the consumer takes few long turns.
constexpr int kBusyIntervalMs = 100;
// From here on it flows fast: a batch in each of the short intervals.
constexpr size_t kBusyBytesPerMs = Batch::kFullBytes / kDrainIntervalMs;
// A batch that is not dealt with after so many rounds waits for a processor.
constexpr int kSlowRounds = 2;
// Shares of the ring that wait: from the larger one on it may soon be full, at the smaller one that is over.
constexpr double kPressing = 1.0 / 4;
constexpr double kRelaxed = 1.0 / 16;
// After so many empty rounds the thread sleeps until a program wakes it.
constexpr int kRoundsUntilIdle = 10;
constexpr size_t kAlignment = 8;

pid_t CallingThread() { return static_cast<pid_t>(syscall(SYS_gettid)); }

}  // namespace

Outcome PollThread::Start(Capture* object, Deliver deliver) {
  object_ = object;
  deliver_ = std::move(deliver);
  uint32_t key_size, value_size;
  int map = object->MapFd("events", &key_size, &value_size);
  ClearLibbpfLog();
  ring_ = ring_buffer__new(map, OnRecord, this, nullptr);
  if (!ring_) return MakeFailure("map the ring buffer", errno);
  if (Outcome outcome = level_.Open(map)) return outcome;
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  stop_event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  // Edge-triggered: a level-triggered ring would be reported whenever it is not empty, which is always under load, and
  // the thread would spin instead of waiting for its timer.
  epoll_event on_ring = {};
  on_ring.events = EPOLLIN | EPOLLET;
  on_ring.data.fd = map;
  epoll_event on_stop = {};
  on_stop.events = EPOLLIN;
  on_stop.data.fd = stop_event_;
  if (epoll_ < 0 || stop_event_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, map, &on_ring) ||
      epoll_ctl(epoll_, EPOLL_CTL_ADD, stop_event_, &on_stop))
    return MakeFailure("poll the ring buffer", errno);
  thread_ = std::thread([this] { Run(); });
  return {};
}

void PollThread::Finish() {
  finishing_ = true;
  uint64_t one = 1;
  if (stop_event_ >= 0 && write(stop_event_, &one, sizeof(one)) < 0) return;
}

void PollThread::Abandon() {
  {
    // Under the lock, or the thread could miss it between its look at the flag and its wait.
    std::lock_guard<std::mutex> lock(mutex_);
    abandoned_ = true;
  }
  Finish();
  released_.notify_all();
  if (thread_.joinable()) thread_.join();
  if (ring_) ring_buffer__free(ring_);
  ring_ = nullptr;
  level_.Close();
  if (epoll_ >= 0) close(epoll_);
  if (stop_event_ >= 0) close(stop_event_);
  epoll_ = stop_event_ = -1;
  current_ = nullptr;
  spare_.clear();
  batches_.clear();
}

void PollThread::Release(Batch* batch) {
  std::lock_guard<std::mutex> lock(mutex_);
  batch->size = 0;
  spare_.push_back(batch);
  in_flight_ -= 1;
  released_.notify_all();
}

int PollThread::OnRecord(void* context, void* data, size_t size) {
  auto* self = static_cast<PollThread*>(context);
  auto* header = static_cast<flowtap_header*>(data);
  self->last_processor_ = header->processor;
  // The reservation is larger than the record (size classes): take the used part only.
  size_t used = std::min<size_t>(header->size, size);
  size_t padded = (used + kAlignment - 1) / kAlignment * kAlignment;
  Batch& batch = *self->current_;
  if (self->Continues(header, used)) return batch.full() ? -EAGAIN : 0;
  size_t at = batch.size;
  batch.size = at + padded;
  memcpy(batch.data() + at, data, used);
  memset(batch.data() + at + used, 0, padded - used);
  self->last_ = header->type == FLOWTAP_DATA ? at : kNoRecord;
  return batch.full() ? -EAGAIN : 0;
}

// A call that gathers several buffers (writev) makes a record for each. The bytes of the next one are put behind those of
// the one before: each record costs the consumer more than its bytes do.
bool PollThread::Continues(const flowtap_header* header, size_t used) {
  Batch& batch = *current_;
  if (last_ == kNoRecord || header->type != FLOWTAP_DATA) return false;
  auto* next = reinterpret_cast<const flowtap_data_record*>(header);
  auto* last = reinterpret_cast<flowtap_data_record*>(batch.data() + last_);
  if (next->header.connection_id != last->header.connection_id || next->header.timestamp_ns != last->header.timestamp_ns ||
      next->header.flags != last->header.flags || next->direction != last->direction || next->layer != last->layer ||
      next->gap != FLOWTAP_GAP_NONE || last->gap != FLOWTAP_GAP_NONE || next->offset != last->offset + last->length ||
      last->captured != last->length)
    return false;
  size_t bytes = used - sizeof(flowtap_data_record);
  size_t size = last->header.size + bytes;
  last->header.size = size;
  last->length += next->length;
  last->captured += next->captured;
  size_t end = last_ + size;
  size_t padded = (end + kAlignment - 1) / kAlignment * kAlignment;
  size_t from = end - bytes;
  batch.size = padded;
  memcpy(batch.data() + from, reinterpret_cast<const uint8_t*>(next + 1), bytes);
  memset(batch.data() + end, 0, padded - end);
  return true;
}

// One batch at most. Returns its bytes.
size_t PollThread::Drain() {
  {
    std::unique_lock<std::mutex> lock(mutex_);
    auto has_room = [this] { return abandoned_ || in_flight_ < kMaxInFlight; };
    // By the system's clock: waiting by a steady one takes glibc 2.30. Should it jump, whoever releases a batch still wakes us.
    auto soon = [] { return std::chrono::system_clock::now() + std::chrono::milliseconds(kDrainIntervalMs); };
    while (!released_.wait_until(lock, soon(), has_room)) TakePlace(Measure(true));
    if (abandoned_) return 0;
    if (!current_ && !spare_.empty()) {
      current_ = spare_.back();
      spare_.pop_back();
    }
  }
  if (!current_) {
    batches_.push_back(std::make_unique<Batch>());
    current_ = batches_.back().get();
  }
  last_ = kNoRecord;
  ring_buffer__consume(ring_);
  if (current_->size == 0) return 0;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    in_flight_ += 1;
    StepAside();
  }
  Batch* full = current_;
  size_t bytes = full->size;
  current_ = nullptr;
  deliver_(full);
  return bytes;
}

bool PollThread::GiveWay() {
  std::lock_guard<std::mutex> lock(mutex_);
  pid_t consumer = CallingThread();
  if (!priority_.Enable(consumer)) return false;
  consumer_placement_.Begin(consumer);
  return true;
}

void PollThread::StopGivingWay() {
  std::lock_guard<std::mutex> lock(mutex_);
  priority_.Disable();
  StepAside();
}

// The kernel lets a thread that it began to run go on for some milliseconds before another one of the same priority gets the
// processor. Those who are captured run out of work sooner, and then the other processor is idle. Behind others there is
// nothing to yield, before them is no time for it.
void PollThread::Yield() {
  if (priority_.is_among_others()) sched_yield();
}

void PollThread::Judge(bool is_behind) {
  std::lock_guard<std::mutex> lock(mutex_);
  TakePlace(Measure(is_behind));
}

void PollThread::TakePlace(Lag lag) {
  priority_.Round(lag);
  StepAside();
}

// While there is time to spare. The kernel runs a server and its client in turns on one processor; as soon as a third thread
// waits there it puts them apart, and leaves them apart: then each request waits for a processor to wake up.
void PollThread::StepAside() {
  int processor = priority_.is_behind_others() ? last_processor_ : ThreadPlacement::kAnywhere;
  consumer_placement_.KeepOff(processor);
  own_placement_.KeepOff(processor);
}

Lag PollThread::Measure(bool is_behind) const {
  double waiting = level_.share();
  if (waiting >= kPressing) return Lag::kMuch;
  if (waiting >= kRelaxed) return Lag::kConsiderable;
  return is_behind ? Lag::kSome : Lag::kNone;
}

bool PollThread::AwaitsRelease() {
  std::lock_guard<std::mutex> lock(mutex_);
  return in_flight_ > 0;
}

void PollThread::SetConsumer(uint32_t consumer) {
  __atomic_store_n(&object_->state()->consumer, consumer, __ATOMIC_SEQ_CST);
}

void PollThread::Wait(int timeout_ms) {
  epoll_event event;
  epoll_wait(epoll_, &event, 1, timeout_ms);
}

void PollThread::Run() {
  pthread_setname_np(pthread_self(), "flowtap-ring");
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  {
    std::lock_guard<std::mutex> lock(mutex_);
    own_placement_.Begin(CallingThread());
  }

  int interval_ms = kDrainIntervalMs;
  size_t turn_bytes = 0;
  int empty_rounds = 0;
  int slow_rounds = 0;
  while (!finishing_) {
    slow_rounds = AwaitsRelease() ? slow_rounds + 1 : 0;
    size_t bytes = Drain();
    turn_bytes += bytes;
    // A full batch means that there is more.
    bool is_full = bytes >= Batch::kFullBytes;
    Judge(is_full || slow_rounds >= kSlowRounds);
    if (is_full) continue;
    interval_ms = turn_bytes >= interval_ms * kBusyBytesPerMs ? kBusyIntervalMs : kDrainIntervalMs;
    turn_bytes = 0;
    empty_rounds = bytes ? 0 : empty_rounds + 1;
    if (empty_rounds < kRoundsUntilIdle) {
      SetConsumer(FLOWTAP_CONSUMER_TIMER);
      Wait(interval_ms);
      continue;
    }
    // Announce the sleep first and look once more then, or a record in between would wait for the next one. One that is
    // being written may have asked before the announcement.
    SetConsumer(FLOWTAP_CONSUMER_IDLE);
    if (!Drain() && level_.is_empty()) Wait(-1);
    SetConsumer(FLOWTAP_CONSUMER_TIMER);
    empty_rounds = 0;
  }
  while (!abandoned_ && Drain()) {
  }
  if (!abandoned_) deliver_(nullptr);
}

}  // namespace flowtap
