// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader } from '@flowtap/core';
import { expect } from 'vitest';
import { looksLikeHeaderBlock } from '../src/hpack/block-shape.js';
import { HpackDecoder, UNKNOWN_NAME } from '../src/hpack/decoder.js';

/** A header block with what its encoder was given. */
export interface EncodedBlock {
  readonly fields: readonly HttpHeader[];
  readonly bytes: Buffer;
}

const NO_LIMIT = 1 << 20;

/** The blocks of a connection give the fields they were made from. Returns how many were checked for their shape. */
export function checkFields(blocks: readonly EncodedBlock[]): number {
  const decoder = new HpackDecoder(false);
  let shapes = 0;
  for (const { fields, bytes } of blocks) {
    const { headers, ...state } = decoder.decode(bytes, 0, bytes.length, NO_LIMIT);
    expect(headers).toEqual(fields);
    expect(state).toEqual({ isBroken: false, isIncomplete: false, isTruncated: false });
    if (!areAllowed(fields)) continue;
    expect(looksLikeHeaderBlock(bytes, 0, bytes.length)).toBe(true);
    shapes += 1;
  }
  return shapes;
}

/** Joined after some blocks: each field is there, with its own value or as unknown. */
export function checkJoinedLate(blocks: readonly EncodedBlock[], after: number): void {
  const decoder = new HpackDecoder(true);
  for (const { fields, bytes } of blocks.slice(after)) {
    const { headers, isBroken, isIncomplete } = decoder.decode(bytes, 0, bytes.length, NO_LIMIT);
    expect(isBroken).toBe(false);
    expect(headers.length).toBe(fields.length);
    let unknown = 0;
    headers.forEach(([name, value], i) => {
      if (name !== UNKNOWN_NAME) expect([name, value]).toEqual(fields[i]);
      else if (value !== '') expect(value).toEqual(fields[i]?.[1]);
      if (name === UNKNOWN_NAME) unknown += 1;
    });
    expect(isIncomplete).toBe(unknown > 0);
  }
}

/** RFC 9113 §8.2.1 and §8.3: names in lower case, pseudo-header fields first; RFC 9110 §5.5: no control characters. */
function areAllowed(fields: readonly HttpHeader[]): boolean {
  const firstRegular = fields.findIndex(([name]) => !name.startsWith(':'));
  return fields.every(
    ([name, value], i) =>
      /^:?[!#-'*+\-.^-z|~\d]+$/.test(name) &&
      /^[\t\x20-\x7e\x80-\xff]*$/.test(value) &&
      !(name.startsWith(':') && firstRegular !== -1 && i > firstRegular),
  );
}
