// SPDX-License-Identifier: Apache-2.0
// The compiled eBPF program as data of the addon: [flowtap_bpf_object, flowtap_bpf_object_end).
  .section .rodata.flowtap_bpf_object, "a", %progbits
  .global flowtap_bpf_object
  .hidden flowtap_bpf_object
  .global flowtap_bpf_object_end
  .hidden flowtap_bpf_object_end
  // libbpf reads the ELF headers in place.
  .balign 16
flowtap_bpf_object:
  .incbin FLOWTAP_BPF_OBJECT_PATH
flowtap_bpf_object_end:
  .byte 0
  .section .note.GNU-stack, "", %progbits
