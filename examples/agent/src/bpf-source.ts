// SPDX-License-Identifier: Apache-2.0
import type { BpfSource, Target } from '@flowtap/bpf-native';
import { ConfigError } from '@flowtap/core';
import { type Notices, noticeLogger } from './notices.js';
import type { CaptureOptions } from './options/capture-options.js';
import { UsageError } from './usage-error.js';

/** Loaded on demand, so that a replay needs nothing of Linux. */
export function loadBpfNative(): Promise<typeof import('@flowtap/bpf-native')> {
  return import('@flowtap/bpf-native');
}

export async function createBpfSource(
  targets: readonly Target[],
  options: CaptureOptions,
  notices: Notices,
): Promise<BpfSource> {
  const { BpfSource } = await loadBpfNative();
  try {
    const source = new BpfSource({
      targets,
      backend: options.backend,
      ...(options.ringSize === undefined ? {} : { ringBytes: options.ringSize }),
      logger: noticeLogger(notices),
    });
    // Takes a while, in which the outputs are opened. A failure is told by start().
    source.load().catch(() => undefined);
    return source;
  } catch (error) {
    // Every other option has been checked; this one's limits belong to the kernel side.
    if (!(error instanceof ConfigError) || options.ringSize === undefined) throw error;
    throw new UsageError(error.message.replace('ringBytes', '--ring-size'));
  }
}
