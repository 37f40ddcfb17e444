// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';

/** Path of a source file below support/programs. */
export function programFile(name: string): string {
  return fileURLToPath(new URL(`../support/programs/${name}`, import.meta.url));
}
