// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stddef.h>

#include "failure.h"

namespace flowtap {

// How full the ring buffer is. Maps its positions a second time, for reading: those that libbpf has are its own.
class RingLevel {
 public:
  RingLevel() = default;
  ~RingLevel() { Close(); }
  RingLevel(const RingLevel&) = delete;
  RingLevel& operator=(const RingLevel&) = delete;

  Outcome Open(int map);
  void Close();
  // Of the whole ring, 0 to 1.
  double share() const;
  // Nothing waits, nor is being written.
  bool is_empty() const { return waiting() == 0; }

 private:
  unsigned long waiting() const;

  void* positions_ = nullptr;
  size_t page_bytes_ = 0;
  size_t ring_bytes_ = 0;
};

}  // namespace flowtap
