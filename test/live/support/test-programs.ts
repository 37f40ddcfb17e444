// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';

/** Path below the directory that scripts/lib/test-programs.mjs fills. */
export function testProgram(path: string): string {
  return fileURLToPath(new URL(`../../../.cache/test-programs/${path}`, import.meta.url));
}
