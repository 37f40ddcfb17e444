// SPDX-License-Identifier: Apache-2.0
import { kernels } from './kernels.mjs';

const backends = ['tracepoint', 'kprobe'];

/** Below test/, as JavaScript. `pattern`: of the tests' names. */
const capture = [{ path: 'kernels/programs.test.js' }, { path: 'kernels/capture.test.js' }];
/** With a program that was compiled for the machine. */
const calls = { path: 'kernels/calls.test.js' };
const conditions = { path: 'kernels/conditions.test.js' };
/** Live tests that have most to do with the kernel. */
const live = ['cgroup', 'descriptors', 'ipv6', 'unix-socket'].map((name) => ({
  path: `live/${name}.test.js`,
}));
const refusal = [{ path: 'kernels/too-old.test.js' }];
/** It cannot be taken back: last. */
const lockdown = { path: 'kernels/lockdown.test.js' };
const go = { path: 'kernels/go.test.js' };
const quick = [{ path: 'kernels/capture.test.js', pattern: 'run: a client' }];

/** The machine that runs this: what it started is all that it captures. */
export const thisMachine = { backend: 'tracepoint', files: [...capture, conditions] };

/**
 * A machine for each kernel and back end.
 * @typedef {{ arch: 'x64' | 'arm64', kernel: typeof kernels[number], backend?: string, withGo?: boolean, files: { path: string, pattern?: string }[] }} Machine
 * @returns {Machine[]}
 */
export function machines() {
  return [...kernels.flatMap(machinesOf), ...backends.map(smoke)];
}

function machinesOf(kernel) {
  const arch = 'x64';
  if (!kernel.supported) return [{ arch, kernel, files: refusal }];
  return backends.map((backend) => ({
    arch,
    kernel,
    backend,
    files: [...capture, calls, conditions, ...live, lockdown],
  }));
}

function smoke(backend) {
  return { arch: 'arm64', kernel: kernelNamed('6.12'), backend, withGo: true, files: [...capture, calls, go] };
}

/** What says most in the least time: the back end that the development machines may not have. */
export function quickMachine() {
  return { arch: 'x64', kernel: kernelNamed('6.1'), backend: 'kprobe', files: quick };
}

function kernelNamed(name) {
  return kernels.find((kernel) => kernel.name === name);
}
