// SPDX-License-Identifier: Apache-2.0
import { FAILS, huffmanTable } from './huffman-table.js';

/** Room that `decodeHuffman` needs for the text of so many bytes: at most two symbols end in each. */
export function huffmanRoom(length: number): number {
  return 2 * length + 1;
}

/**
 * Decodes a Huffman-coded string (RFC 7541 §5.2) into `output` from `outputStart` on.
 *
 * @returns the end of the text in `output`, or -1 when EOS occurs in the string or the padding is wrong.
 */
export function decodeHuffman(
  input: Uint8Array,
  start: number,
  end: number,
  output: Uint8Array,
  outputStart: number,
): number {
  const { transitions, mayEnd } = huffmanTable();
  let state = 0;
  let at = outputStart;
  for (let i = start; i < end; i++) {
    const transition = transitions[(state << 8) | (input[i] as number)] as number;
    // Both symbols are always written; the count says how many of them are kept.
    output[at] = transition >>> 8;
    output[at + 1] = transition >>> 16;
    at += (transition >>> 24) & 3;
    if (transition >= FAILS) return -1;
    state = transition & 0xff;
  }
  return mayEnd[state] === 1 ? at : -1;
}
