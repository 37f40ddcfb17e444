// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

const TIMEOUT_MS = 20_000;
const POLL_MS = 5;

/** @param what ends the sentence "waited in vain until …" */
export async function until(what: string, isSo: () => boolean, timeoutMs: number = TIMEOUT_MS): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
