// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import type { Backend } from './backend.js';

let types: Buffer | undefined;

/** Whether the kernel's type information has a name: it lists every tracepoint and every kind of link. */
function kernelHasType(name: string): boolean {
  try {
    types ??= readFileSync('/sys/kernel/btf/vmlinux');
  } catch {
    return false;
  }
  return types.includes(`\0${name}\0`, 'latin1');
}

/** Back ends that this kernel offers, the cheaper one first. */
export function availableBackends(): Backend[] {
  const backends: Backend[] = [];
  // A typed raw tracepoint needs no tracefs.
  if (kernelHasType('btf_trace_sys_exit')) backends.push('tracepoint');
  if (existsSync('/sys/bus/event_source/devices/kprobe/type')) backends.push('kprobe');
  return backends;
}

/**
 * Programs at the tracepoints of system calls can be preempted, and are passed over then (bpf/syscall.h). Seen on Linux 7.3;
 * 6.18 and older ones do not preempt them.
 */
export function preemptsPrograms(version: string = release()): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 6 || (major === 6 && minor > 18);
}

/** One link for any number of uprobes, Linux 6.6. */
export function hasUprobeMulti(): boolean {
  return kernelHasType('bpf_uprobe_multi_link');
}

/** One program for a call's entry and its return, which it can decline to see, Linux 6.13. */
export function hasUprobeSession(): boolean {
  return kernelHasType('BPF_TRACE_UPROBE_SESSION');
}
