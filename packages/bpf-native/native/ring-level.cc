// SPDX-License-Identifier: Apache-2.0
#include "ring-level.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

namespace flowtap {

// The first page begins with the position of who reads, the second one with that of who writes: ringbuf_map_mmap_kern(),
// kernel/bpf/ringbuf.c. The second one may be mapped for reading only.
Outcome RingLevel::Open(int map) {
  bpf_map_info info = {};
  __u32 info_bytes = sizeof(info);
  page_bytes_ = sysconf(_SC_PAGESIZE);
  if (bpf_obj_get_info_by_fd(map, &info, &info_bytes)) return MakeFailure("look at the ring buffer", errno);
  ring_bytes_ = info.max_entries;
  void* mapped = mmap(nullptr, 2 * page_bytes_, PROT_READ, MAP_SHARED, map, 0);
  if (mapped == MAP_FAILED) return MakeFailure("map the ring buffer's positions", errno);
  positions_ = mapped;
  return {};
}

void RingLevel::Close() {
  if (positions_) munmap(positions_, 2 * page_bytes_);
  positions_ = nullptr;
}

double RingLevel::share() const {
  return ring_bytes_ == 0 ? 0 : static_cast<double>(waiting()) / static_cast<double>(ring_bytes_);
}

unsigned long RingLevel::waiting() const {
  if (!positions_) return 0;
  auto* read = static_cast<unsigned long*>(positions_);
  auto* written = reinterpret_cast<unsigned long*>(static_cast<char*>(positions_) + page_bytes_);
  return __atomic_load_n(written, __ATOMIC_ACQUIRE) - __atomic_load_n(read, __ATOMIC_ACQUIRE);
}

}  // namespace flowtap
