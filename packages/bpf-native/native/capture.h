// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bpf/libbpf.h>
#include <stdint.h>

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "failure.h"

#include "event.h"

namespace flowtap {

// Owns the loaded programs, maps and links. Every method may be called from any thread; none touches JavaScript.
class Capture {
 public:
  Capture() = default;
  ~Capture() { Close(); }
  Capture(const Capture&) = delete;
  Capture& operator=(const Capture&) = delete;

  // Loads the embedded programs. Names in `without` are not loaded, for kernels that lack what they attach to.
  // `uprobe_multi`: the kernel attaches any number of uprobes as one link (6.6); attaching and letting go takes one RCU
  // grace period then, not one for each.
  Outcome Load(const flowtap_config& config, const std::vector<std::string>& without, bool uprobe_multi);
  // Loads programs that Load was to leave out; they share its maps. Once. Not while the capture is being closed.
  Outcome LoadLater(const std::vector<std::string>& programs);
  void Close();

  Outcome AttachProgram(const std::string& program, uint32_t* link);
  Outcome AttachKprobe(const std::string& program, const std::string& function, bool at_return, uint32_t* link);
  // Each offset with the cookie that tells the program which one it is.
  Outcome AttachUprobes(const std::string& program, const std::string& path, const std::vector<uint64_t>& offsets,
                        const std::vector<uint64_t>& cookies, bool at_return, uint32_t* link);
  // Waits for RCU grace periods of the kernel, several attachments at once: not for the JavaScript thread.
  void Detach(const std::vector<uint32_t>& links);

  int MapFd(const std::string& name, uint32_t* key_size, uint32_t* value_size) const;
  flowtap_state* state() const { return state_; }
  // Sums of all CPUs.
  bool ReadCounters(flowtap_count (&totals)[FLOWTAP_COUNTERS]) const;
  // This process in the initial pid namespace; 0 when the kernel cannot tell.
  uint32_t WhoAmI() const;

 private:
  // What one attach call made: links of libbpf, or a link's descriptor that libbpf 1.1 has no object for.
  struct Attachment {
    std::vector<bpf_link*> links;
    int fd = -1;
    // A tracepoint or a kprobe: the kernel rewrites its own code to let go of it.
    bool is_in_kernel = false;
  };

  // The embedded object, with its settings, to be loaded.
  Outcome Open(bpf_object** object) const;
  // One that is loaded.
  bpf_program* Program(const std::string& name) const;
  uint32_t Keep(Attachment attachment);
  static void Destroy(const std::vector<Attachment>& attachments);
  static void DestroyOne(const Attachment& attachment);

  bpf_object* object_ = nullptr;
  bpf_object* later_ = nullptr;  // what LoadLater loaded
  flowtap_state* state_ = nullptr;
  flowtap_config config_ = {};
  bool uprobe_multi_ = false;
  mutable std::mutex mutex_;
  std::map<uint32_t, Attachment> attachments_;
  uint32_t next_link_ = 1;
};

}  // namespace flowtap
