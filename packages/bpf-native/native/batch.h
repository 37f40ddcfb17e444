// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <memory>

namespace flowtap {

// Records back to back, each padded to 8 bytes, in memory that stays where it is: JavaScript reads it in place.
struct Batch {
  // Large enough to amortise the crossing into JavaScript, small enough for its event loop to turn in between.
  static constexpr size_t kFullBytes = 1 << 18;
  // A batch that is not full takes one more record, and a record is at most a piece of 64 KiB with its header.
  static constexpr size_t kCapacity = kFullBytes + (1 << 17);

  // Shared with the view of it that JavaScript holds, which may outlive the capture.
  std::shared_ptr<uint8_t[]> memory{new uint8_t[kCapacity]};
  size_t size = 0;

  uint8_t* data() { return memory.get(); }
  bool full() const { return size >= kFullBytes; }
};

}  // namespace flowtap
