// SPDX-License-Identifier: Apache-2.0

import type { NativeSession } from '../records/native-binding.js';
import { preemptsPrograms } from './kernel-features.js';

/** How system calls are observed. */
export type Backend = 'tracepoint' | 'kprobe';

const TRACEPOINT_PROGRAMS = ['syscall_entry', 'syscall_exit'];
/** For kernels that preempt them (bpf/syscall.h). The order counts. */
const PAIRED_PROGRAMS = ['syscall_entry_1', 'syscall_entry_2', 'syscall_exit_1', 'syscall_exit_2'];
const KPROBE_PROGRAMS = ['kprobe_entry', 'kprobe_exit'];

const SOCKET_AND_PROCESS_PROGRAMS = [
  ...['tcp_state', 'tcp_destroyed'],
  ...['forked', 'executed', 'exited'],
  ...['cgroup_moved', 'cgroup_created', 'cgroup_removed'],
];

/** System calls that take a descriptor away: seen at entry (bpf/syscall.h). */
const ENTRY_CALLS = ['close', 'dup2', 'dup3', 'close_range'];

const EXIT_CALLS = [
  ...['accept', 'accept4', 'connect', 'getsockname', 'mmap', 'sendfile64', 'splice'],
  ...['read', 'readv', 'recvfrom', 'recvmsg', 'recvmmsg'],
  ...['write', 'writev', 'sendto', 'sendmsg', 'sendmmsg'],
];

/** Names of the kernel's functions for a system call (asm/syscall_wrapper.h of each architecture). */
function kernelFunction(call: string, arch: string): string {
  return `${arch === 'arm64' ? '__arm64_sys_' : '__x64_sys_'}${call}`;
}

/** In the order in which they are attached. @param preempts the kernel preempts programs at the tracepoints */
export function syscallPrograms(backend: Backend, preempts: boolean = preemptsPrograms()): readonly string[] {
  if (backend === 'kprobe') return KPROBE_PROGRAMS;
  return preempts ? PAIRED_PROGRAMS : TRACEPOINT_PROGRAMS;
}

/** Programs for system calls that are not used: they need not pass this kernel's verifier. */
export function unusedPrograms(backend: Backend): readonly string[] {
  const used = syscallPrograms(backend);
  return [...TRACEPOINT_PROGRAMS, ...PAIRED_PROGRAMS, ...KPROBE_PROGRAMS].filter((name) => !used.includes(name));
}

async function attachKprobes(session: NativeSession, arch: string): Promise<number[]> {
  const links: number[] = [];
  for (const call of EXIT_CALLS)
    links.push(await session.attachKprobe('kprobe_exit', kernelFunction(call, arch), true));
  for (const call of ENTRY_CALLS) {
    if (call === 'dup2' && arch === 'arm64') continue; // generic architectures have dup3 only
    links.push(await session.attachKprobe('kprobe_entry', kernelFunction(call, arch), false));
  }
  return links;
}

/**
 * Nothing is captured before a target is added, so the order does not matter to what is seen.
 * @returns the links, for `detach`
 */
export async function attachBackend(
  session: NativeSession,
  backend: Backend,
  arch: string = process.arch,
): Promise<number[]> {
  const attached = await Promise.allSettled(
    SOCKET_AND_PROCESS_PROGRAMS.map((program) => session.attachProgram(program)),
  );
  const links = attached.map((link) => {
    if (link.status === 'rejected') throw link.reason;
    return link.value;
  });
  if (backend === 'kprobe') return [...links, ...(await attachKprobes(session, arch))];
  // Alone and one by one: for these the kernel rewrites what every system call enters, see Capture::Destroy.
  for (const program of syscallPrograms(backend)) links.push(await session.attachProgram(program));
  return links;
}
