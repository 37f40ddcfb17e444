// SPDX-License-Identifier: Apache-2.0
import { kernels } from './kernels.mjs';

const backends = ['tracepoint', 'kprobe'];

/** Below test/, as JavaScript. */
const everywhere = ['kernels/programs.test.js', 'kernels/capture.test.js', 'kernels/conditions.test.js'].map(
  (path) => ({ path }),
);
/** Live tests that have most to do with the kernel. */
const live = ['attach-server', 'cgroup', 'descriptors', 'ipv6', 'unix-socket', 'user'].map((name) => ({
  path: `live/${name}.test.js`,
}));
const refusal = [{ path: 'kernels/too-old.test.js' }];
/** It cannot be taken back: last. */
const lockdown = { path: 'kernels/lockdown.test.js' };
const quick = [{ path: 'kernels/capture.test.js', pattern: 'run: a client' }];

/** The machine that runs this: what it started is all that it captures. */
export const thisMachine = { kernel: undefined, backend: 'tracepoint', files: everywhere };

/**
 * A machine for each kernel and back end.
 * @returns {{ kernel: typeof kernels[number], backend: string | undefined, files: { path: string, pattern?: string }[] }[]}
 */
export function machines() {
  return kernels.flatMap((kernel) => {
    if (!kernel.supported) return [{ kernel, backend: undefined, files: refusal }];
    return backends.map((backend) => ({ kernel, backend, files: [...everywhere, ...live, lockdown] }));
  });
}

/** What says most in the least time: the back end that the development machines may not have. */
export function quickMachine() {
  return { kernel: kernels.find(({ name }) => name === '6.1'), backend: 'kprobe', files: quick };
}
