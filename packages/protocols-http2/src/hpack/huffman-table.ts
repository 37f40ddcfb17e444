// SPDX-License-Identifier: Apache-2.0
import { END_OF_STRING, HUFFMAN_CODE_LENGTHS } from './huffman-code-lengths.js';

/**
 * The Huffman code of RFC 7541 Appendix B as a state machine that takes a byte at a time. A state is an inner node of
 * the code tree; there are 256, one for each symbol but one. No code is shorter than 5 bits, so a byte ends at most two.
 */
export interface HuffmanTable {
  /**
   * By `state << 8 | byte`: next state (bits 0-7), first and second symbol (8-15, 16-23), number of symbols (24-25).
   * `FAILS` where the string contains EOS.
   */
  readonly transitions: Uint32Array;
  /** By state: 1 where the string may end, because what is open is padding: less than a byte of EOS (RFC 7541 §5.2). */
  readonly mayEnd: Uint8Array;
}

export const FAILS = 1 << 26;

const NO_NODE = -1;

interface Tree {
  /** Two children per inner node: the number of an inner node, or `LEAF + symbol`. */
  readonly children: Int32Array;
}

const LEAF = 1 << 16;

let shared: HuffmanTable | undefined;

/** Built at first use: 256 KiB, about a millisecond. */
export function huffmanTable(): HuffmanTable {
  shared ??= buildTable(buildTree());
  return shared;
}

function buildTree(): Tree {
  const children = new Int32Array(2 * 256).fill(NO_NODE);
  let nodes = 1;
  const symbols = HUFFMAN_CODE_LENGTHS.map((length, symbol) => ({ length, symbol }));
  symbols.sort((a, b) => a.length - b.length || a.symbol - b.symbol);
  let code = 0;
  let codeLength = 0;
  for (const { length, symbol } of symbols) {
    // Codes have up to 30 bits: they stay positive in 32.
    code <<= length - codeLength;
    codeLength = length;
    let node = 0;
    for (let bit = length - 1; bit > 0; bit--) {
      const at = 2 * node + ((code >> bit) & 1);
      if (children[at] === NO_NODE) children[at] = nodes++;
      node = children[at] ?? 0;
    }
    children[2 * node + (code & 1)] = LEAF + symbol;
    code += 1;
  }
  return { children };
}

function buildTable({ children }: Tree): HuffmanTable {
  const transitions = new Uint32Array(256 * 256);
  for (let state = 0; state < 256; state++) {
    for (let byte = 0; byte < 256; byte++) transitions[(state << 8) | byte] = transition(children, state, byte);
  }
  const mayEnd = new Uint8Array(256);
  let node = 0;
  for (let bits = 0; bits < 8; bits++) {
    mayEnd[node] = 1;
    node = children[2 * node + 1] ?? 0;
  }
  return { transitions, mayEnd };
}

function transition(children: Int32Array, state: number, byte: number): number {
  let node = state;
  let symbols = 0;
  let count = 0;
  for (let bit = 7; bit >= 0; bit--) {
    const next = children[2 * node + ((byte >> bit) & 1)] ?? 0;
    if (next < LEAF) {
      node = next;
      continue;
    }
    const symbol = next - LEAF;
    if (symbol === END_OF_STRING) return FAILS;
    symbols |= symbol << (8 * (count + 1));
    count += 1;
    node = 0;
  }
  return node | symbols | (count << 24);
}
