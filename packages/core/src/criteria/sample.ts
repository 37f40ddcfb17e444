// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '../flow/flow.js';
import { criterionError } from './criterion-error.js';

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function sampleTest(share: number): (flow: Flow) => boolean {
  if (typeof share !== 'number' || !(share > 0 && share <= 1)) {
    throw criterionError('sample', share, 'Give a share above 0 and up to 1, such as 0.1 for every tenth flow.');
  }
  const limit = share * 2 ** 32;
  return ({ id }) => hash(id) < limit;
}

/** FNV-1a, 32 bits, with MurmurHash3's finalizer: ids differ in their last digits only, and those must reach every bit. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) value = Math.imul(value ^ text.charCodeAt(index), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return (value ^ (value >>> 16)) >>> 0;
}
