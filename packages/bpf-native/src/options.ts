// SPDX-License-Identifier: Apache-2.0
import { ConfigError, type Logger, silentLogger } from '@flowtap/core';
import type { Backend } from './kernel/backend.js';
import type { NativeConfig } from './records/native-binding.js';
import type { RunningTarget } from './targets/targets.js';

/** What to capture: running processes, or a command that `start()` starts, captured from its first instruction on. */
export type Target = RunningTarget | { readonly command: readonly [string, ...string[]] };

export interface BpfSourceOptions {
  /** Captured from `start()` on; more can be added while running. Nothing else is captured. @default [] */
  readonly targets?: readonly Target[];
  /** `auto`: the cheapest one that this kernel offers. @default 'auto' */
  readonly backend?: Backend | 'auto';
  /**
   * Size of the ring buffer between kernel and user space: a power of two from 65536 to 1073741824. What finds no room
   * in it is lost, counted and shows as gaps. @default 16777216
   */
  readonly ringBytes?: number;
  /** Bytes of one call that are copied at most; the rest is a gap of known size. @default 8388608 */
  readonly maxCallBytes?: number;
  /** @default silent */
  readonly logger?: Logger;
}

export interface ResolvedOptions {
  readonly targets: readonly Target[];
  readonly backend: Backend | 'auto';
  readonly native: NativeConfig;
  readonly logger: Logger;
}

const MIN_RING_BYTES = 65_536;
const MAX_RING_BYTES = 1_073_741_824;
const DEFAULT_RING_BYTES = 16 * 1024 * 1024;
const DEFAULT_MAX_CALL_BYTES = 8 * 1024 * 1024;

function invalid(option: string, value: unknown, allowed: string): ConfigError {
  return new ConfigError('CONFIG_INVALID_OPTION', `${option} is ${String(value)}.`, { hint: `It must be ${allowed}.` });
}

/** @throws ConfigError */
export function resolveOptions(options: BpfSourceOptions): ResolvedOptions {
  const {
    targets = [],
    backend = 'auto',
    ringBytes = DEFAULT_RING_BYTES,
    maxCallBytes = DEFAULT_MAX_CALL_BYTES,
  } = options;
  if (backend !== 'auto' && backend !== 'tracepoint' && backend !== 'kprobe') {
    throw invalid('backend', backend, '"auto", "tracepoint" or "kprobe"');
  }
  const isPowerOfTwo = Number.isInteger(ringBytes) && Number.isInteger(Math.log2(ringBytes));
  if (!isPowerOfTwo || ringBytes < MIN_RING_BYTES || ringBytes > MAX_RING_BYTES) {
    throw invalid('ringBytes', ringBytes, `a power of two from ${MIN_RING_BYTES} to ${MAX_RING_BYTES}`);
  }
  if (!Number.isInteger(maxCallBytes) || maxCallBytes < 0 || maxCallBytes > 0xffff_ffff) {
    throw invalid('maxCallBytes', maxCallBytes, 'a whole number of bytes from 0 to 4294967295');
  }
  return {
    targets,
    backend,
    logger: options.logger ?? silentLogger,
    native: {
      ringBytes,
      // A connection costs three control records of 128 to 320 bytes: an eighth of the ring holds hundreds.
      headroomBytes: ringBytes / 8,
      watermarkBytes: ringBytes / 2,
      maxCallBytes,
    },
  };
}
