// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';

/** @param what ends the sentence "waited in vain until …". */
export async function until<T>(what: string, read: () => T | false | undefined, timeoutMs = 30_000): Promise<T> {
  for (const end = performance.now() + timeoutMs; ; await sleep(5)) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end) throw new Error(`waited in vain until ${what}`);
  }
}
