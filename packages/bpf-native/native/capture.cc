// SPDX-License-Identifier: Apache-2.0
#include "capture.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <thread>

extern "C" {
// native/bpf-object.S
extern const char flowtap_bpf_object[];
extern const char flowtap_bpf_object_end[];
}

namespace flowtap {
namespace {

// Each waits for the kernel, not for a processor.
constexpr size_t kDetachThreads = 8;

// The read-only settings, before loading.
flowtap_config* Settings(bpf_object* object) {
  bpf_map* map = bpf_object__find_map_by_name(object, ".rodata");
  size_t size = 0;
  void* memory = map ? const_cast<void*>(bpf_map__initial_value(map, &size)) : nullptr;
  return memory && size >= sizeof(flowtap_config) ? static_cast<flowtap_config*>(memory) : nullptr;
}

// What BPF_LINK_CREATE takes for a uprobe-multi link (include/uapi/linux/bpf.h of 6.6, sessions of 6.13); libbpf 1.1 does
// not know it.
constexpr auto kTraceUprobeMulti = static_cast<bpf_attach_type>(48);
constexpr auto kTraceUprobeSession = static_cast<bpf_attach_type>(57);
constexpr uint32_t kUprobeMultiReturn = 1;  // BPF_F_UPROBE_MULTI_RETURN

struct UprobeMultiAttributes {
  uint32_t prog_fd;
  uint32_t target_fd;
  uint32_t attach_type;
  uint32_t flags;
  uint64_t path;
  uint64_t offsets;
  uint64_t ref_ctr_offsets;
  uint64_t cookies;
  uint32_t count;
  uint32_t multi_flags;
  uint32_t pid;
  uint32_t _pad;
};

int CreateUprobeMultiLink(bpf_program* program, const std::string& path, const std::vector<uint64_t>& offsets,
                          const std::vector<uint64_t>& cookies, bool at_return) {
  UprobeMultiAttributes attributes = {};
  attributes.prog_fd = bpf_program__fd(program);
  attributes.attach_type = bpf_program__expected_attach_type(program);
  attributes.path = reinterpret_cast<uint64_t>(path.c_str());
  attributes.offsets = reinterpret_cast<uint64_t>(offsets.data());
  attributes.cookies = reinterpret_cast<uint64_t>(cookies.data());
  attributes.count = offsets.size();
  attributes.multi_flags = at_return ? kUprobeMultiReturn : 0;
  return syscall(SYS_bpf, BPF_LINK_CREATE, &attributes, sizeof(attributes));
}

}  // namespace

Outcome Capture::Open(bpf_object** opened) const {
  LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "flowtap");
  bpf_object* object = bpf_object__open_mem(flowtap_bpf_object, flowtap_bpf_object_end - flowtap_bpf_object, &options);
  if (!object) return MakeFailure("open", errno);
  *opened = object;
  flowtap_config* settings = Settings(object);
  if (!settings) return MakeFailure("open", EINVAL);
  *settings = config_;
  int error = bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "events"), config_.ring_bytes);
  if (error) return MakeFailure("size the ring buffer", error);
  for (const char* name : {"tls_entry", "tls_return", "tls_copy", "go_tls_place", "go_tls_return"}) {
    bpf_program* program = bpf_object__find_program_by_name(object, name);
    if (program && uprobe_multi_) bpf_program__set_expected_attach_type(program, kTraceUprobeMulti);
  }
  bpf_program* call = bpf_object__find_program_by_name(object, "tls_call");
  if (call) bpf_program__set_expected_attach_type(call, kTraceUprobeSession);
  return {};
}

Outcome Capture::Load(const flowtap_config& config, const std::vector<std::string>& without, bool uprobe_multi) {
  InstallLibbpfLog();
  ClearLibbpfLog();
  config_ = config;
  uprobe_multi_ = uprobe_multi;
  Outcome failure = Open(&object_);
  if (failure) return failure;
  for (const std::string& name : without) {
    bpf_program* program = bpf_object__find_program_by_name(object_, name.c_str());
    if (program) bpf_program__set_autoload(program, false);
  }
  int error = bpf_object__load(object_);
  if (error) return MakeFailure("load", error);
  // The programs' global variables, shared with this process.
  int bss = bpf_map__fd(bpf_object__find_map_by_name(object_, ".bss"));
  void* memory = mmap(nullptr, sizeof(flowtap_state), PROT_READ | PROT_WRITE, MAP_SHARED, bss, 0);
  if (memory == MAP_FAILED) return MakeFailure("map the state", errno);
  state_ = static_cast<flowtap_state*>(memory);
  return {};
}

Outcome Capture::LoadLater(const std::vector<std::string>& names) {
  ClearLibbpfLog();
  std::unique_ptr<bpf_object, decltype(&bpf_object__close)> owner(nullptr, bpf_object__close);
  bpf_object* object = nullptr;
  Outcome failure = Open(&object);
  owner.reset(object);
  if (failure) return failure;
  bpf_program* program;
  bpf_object__for_each_program(program, object) {
    bool wanted = std::find(names.begin(), names.end(), bpf_program__name(program)) != names.end();
    bpf_program__set_autoload(program, wanted);
  }
  bpf_map* map;
  bpf_object__for_each_map(map, object) {
    bpf_map* shared = bpf_object__find_map_by_name(object_, bpf_map__name(map));
    int error = shared ? bpf_map__reuse_fd(map, bpf_map__fd(shared)) : -ENOENT;
    if (error) return MakeFailure("share the maps", error);
  }
  int error = bpf_object__load(object);
  if (error) return MakeFailure("load", error);
  std::lock_guard<std::mutex> lock(mutex_);
  later_ = owner.release();
  return {};
}

void Capture::Close() {
  std::lock_guard<std::mutex> lock(mutex_);
  std::vector<Attachment> all;
  for (auto& [id, attachment] : attachments_) all.push_back(attachment);
  attachments_.clear();
  Destroy(all);
  if (state_) munmap(state_, sizeof(flowtap_state));
  state_ = nullptr;
  if (later_) bpf_object__close(later_);
  later_ = nullptr;
  if (object_) bpf_object__close(object_);
  object_ = nullptr;
}

bpf_program* Capture::Program(const std::string& name) const {
  std::lock_guard<std::mutex> lock(mutex_);
  for (bpf_object* object : {object_, later_}) {
    bpf_program* program = object ? bpf_object__find_program_by_name(object, name.c_str()) : nullptr;
    if (program && bpf_program__fd(program) >= 0) return program;
  }
  return nullptr;
}

uint32_t Capture::Keep(Attachment attachment) {
  std::lock_guard<std::mutex> lock(mutex_);
  uint32_t id = next_link_++;
  attachments_[id] = std::move(attachment);
  return id;
}

void Capture::DestroyOne(const Attachment& attachment) {
  for (bpf_link* link : attachment.links) bpf_link__destroy(link);
  if (attachment.fd >= 0) close(attachment.fd);
}

void Capture::Destroy(const std::vector<Attachment>& attachments) {
  // The kernel takes turns with these, and as long as it rewrites what each system call enters, calls from here are in the
  // way: emulated processors, as those of the tests' machines, have stopped there for ever.
  for (const Attachment& attachment : attachments)
    if (attachment.is_in_kernel) DestroyOne(attachment);
  // Letting go of uprobes waits for a grace period, and shares it with whoever waits at the same time.
  std::atomic<size_t> next = 0;
  auto destroy = [&] {
    for (size_t i; (i = next++) < attachments.size();)
      if (!attachments[i].is_in_kernel) DestroyOne(attachments[i]);
  };
  size_t parallel = std::count_if(attachments.begin(), attachments.end(), [](const Attachment& a) { return !a.is_in_kernel; });
  std::vector<std::thread> helpers;
  while (helpers.size() + 1 < std::min(parallel, kDetachThreads)) helpers.emplace_back(destroy);
  destroy();
  for (std::thread& helper : helpers) helper.join();
}

Outcome Capture::AttachProgram(const std::string& name, uint32_t* id) {
  ClearLibbpfLog();
  bpf_program* program = Program(name);
  if (!program) return Failure{"attach " + name, ENOENT, "no such program"};
  bpf_link* link = bpf_program__attach(program);
  if (!link) return MakeFailure("attach " + name, errno);
  *id = Keep({.links = {link}, .is_in_kernel = true});
  return {};
}

Outcome Capture::AttachKprobe(const std::string& name, const std::string& function, bool at_return, uint32_t* id) {
  ClearLibbpfLog();
  bpf_program* program = Program(name);
  if (!program) return Failure{"attach " + name, ENOENT, "no such program"};
  LIBBPF_OPTS(bpf_kprobe_opts, options, .retprobe = at_return);
  bpf_link* link = bpf_program__attach_kprobe_opts(program, function.c_str(), &options);
  if (!link) return MakeFailure("attach to " + function, errno);
  *id = Keep({.links = {link}, .is_in_kernel = true});
  return {};
}

Outcome Capture::AttachUprobes(const std::string& name, const std::string& path, const std::vector<uint64_t>& offsets,
                               const std::vector<uint64_t>& cookies, bool at_return, uint32_t* id) {
  ClearLibbpfLog();
  bpf_program* program = Program(name);
  if (!program) return Failure{"attach " + name, ENOENT, "no such program"};
  Attachment attachment;
  // Unscoped: a probe that is scoped to a process is blind in the children that it forks.
  if (uprobe_multi_) {
    attachment.fd = CreateUprobeMultiLink(program, path, offsets, cookies, at_return);
    if (attachment.fd < 0) return MakeFailure("attach " + name, errno);
    *id = Keep(attachment);
    return {};
  }
  for (size_t i = 0; i < offsets.size(); i++) {
    LIBBPF_OPTS(bpf_uprobe_opts, options, .bpf_cookie = cookies[i], .retprobe = at_return);
    bpf_link* link = bpf_program__attach_uprobe_opts(program, -1, path.c_str(), offsets[i], &options);
    if (!link) {
      Failure failure = MakeFailure("attach " + name, errno);
      Destroy({attachment});
      return failure;
    }
    attachment.links.push_back(link);
  }
  *id = Keep(attachment);
  return {};
}

void Capture::Detach(const std::vector<uint32_t>& ids) {
  std::vector<Attachment> taken;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    for (uint32_t id : ids) {
      auto found = attachments_.find(id);
      if (found == attachments_.end()) continue;
      taken.push_back(found->second);
      attachments_.erase(found);
    }
  }
  Destroy(taken);
}

int Capture::MapFd(const std::string& name, uint32_t* key_size, uint32_t* value_size) const {
  bpf_map* map = object_ ? bpf_object__find_map_by_name(object_, name.c_str()) : nullptr;
  if (!map) return -ENOENT;
  *key_size = bpf_map__key_size(map);
  *value_size = bpf_map__value_size(map);
  return bpf_map__fd(map);
}

bool Capture::ReadCounters(flowtap_count (&totals)[FLOWTAP_COUNTERS]) const {
  uint32_t key_size, value_size;
  int fd = MapFd("counters", &key_size, &value_size);
  int cpus = libbpf_num_possible_cpus();
  if (fd < 0 || cpus <= 0) return false;
  std::vector<flowtap_count> values(cpus);
  memset(totals, 0, sizeof(totals));
  for (uint32_t counter = 0; counter < FLOWTAP_COUNTERS; counter++) {
    if (bpf_map_lookup_elem(fd, &counter, values.data())) return false;
    for (const flowtap_count& value : values) {
      totals[counter].events += value.events;
      totals[counter].bytes += value.bytes;
    }
  }
  return true;
}

uint32_t Capture::WhoAmI() const {
  bpf_program* program = Program("whoami");
  LIBBPF_OPTS(bpf_test_run_opts, options);
  if (!program || bpf_prog_test_run_opts(bpf_program__fd(program), &options)) return 0;
  return options.retval;
}

}  // namespace flowtap
