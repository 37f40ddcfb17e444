// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_INTERVAL_MS = 5;

/** FLOWTAP_TEST_PATIENCE: how many times slower than a machine of today this one may be. */
const PATIENCE = Number(process.env['FLOWTAP_TEST_PATIENCE'] ?? 1);

/** A time limit for a machine like this. */
export function patient(timeoutMs: number): number {
  return timeoutMs * PATIENCE;
}

const TIMEOUT_MS = 15_000;

/**
 * Resolves with the first value of `read` that is not undefined or false.
 *
 * @param what ends the sentence "waited in vain until …".
 */
export async function until<T>(
  what: string,
  read: () => T | false | undefined | Promise<T | false | undefined>,
  timeoutMs: number = patient(TIMEOUT_MS),
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(POLL_INTERVAL_MS);
  }
}
