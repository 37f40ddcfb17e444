// SPDX-License-Identifier: Apache-2.0
import { Child } from './child.js';
import type { LoadedServer, Scheme } from './loaded-server.js';

/** Those of the system calls that Flowtap observes. */
const SYSCALLS = [
  'accept',
  'accept4',
  'close',
  'close_range',
  'connect',
  'dup2',
  'dup3',
  'getsockname',
  'read',
  'readv',
  'recvfrom',
  'recvmmsg',
  'recvmsg',
  'sendfile64',
  'sendmmsg',
  'sendmsg',
  'sendto',
  'splice',
  'write',
  'writev',
];
const TLS_FUNCTIONS = ['SSL_read', 'SSL_write'];
const READY = 'attached';
const TIMEOUT_MS = 30_000;

/**
 * Attaches programs that do nothing to the functions that carry the plaintext: system calls, or for TLS the library's
 * exported functions. What this costs is what observing costs before anything is done with it.
 *
 * @returns what takes them away again.
 */
export async function attachEmptyProbes(scheme: Scheme, server: LoadedServer): Promise<() => Promise<void>> {
  const probes =
    scheme === 'http'
      ? SYSCALLS.flatMap((name) => [`tracepoint:syscalls:sys_enter_${name}`, `tracepoint:syscalls:sys_exit_${name}`])
      : TLS_FUNCTIONS.flatMap((name) => [`uprobe:${server.tlsFile}:${name}`, `uretprobe:${server.tlsFile}:${name}`]);
  // Probes are attached in the order of the program: when the timer fires, all the others are there.
  const program = [...probes.map((probe) => `${probe} { }`), `interval:ms:200 { printf("${READY}\\n"); }`].join('\n');
  // Many machines have no tracefs mounted, which bpftrace needs: it gets one that nobody else sees.
  const script =
    'mountpoint -q /sys/kernel/tracing || mount -t tracefs tracefs /sys/kernel/tracing; exec bpftrace -e "$0"';
  const child = new Child('unshare', ['--mount', 'sh', '-c', script, program]);
  await child.until('its probes were attached', TIMEOUT_MS, () => child.output.includes(READY));
  return () => child.stop('SIGINT', TIMEOUT_MS);
}
