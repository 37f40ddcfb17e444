// SPDX-License-Identifier: Apache-2.0
import { MAX_MESSAGE_BYTES } from './constants.js';

export type Sender = 'client' | 'server';

type Range = readonly [least: number, most: number];

const LARGE = MAX_MESSAGE_BYTES;
/** PQ_SMALL_MESSAGE_LIMIT of the server: messages of these types hold names and numbers. */
const SMALL = 10_000;
/** Columns, types or formats of at most 65,535 parameters. */
const LISTS = 8 + 65_535 * 4;
const TOKEN = 65_536;

/** What the length of a message, which counts its own four bytes, can be: by type (Message Formats). */
const CLIENT_LENGTHS: Readonly<Record<string, Range>> = {
  Q: [5, LARGE],
  P: [8, LARGE],
  B: [12, LARGE],
  D: [6, SMALL],
  E: [9, SMALL],
  C: [6, SMALL],
  S: [4, 4],
  H: [4, 4],
  F: [14, LARGE],
  d: [4, LARGE],
  c: [4, 4],
  f: [5, SMALL],
  p: [4, TOKEN],
  X: [4, 4],
};

const SERVER_LENGTHS: Readonly<Record<string, Range>> = {
  R: [8, TOKEN],
  v: [12, TOKEN],
  K: [8, 268],
  S: [6, 1024 * 1024],
  T: [6, 4 * 1024 * 1024],
  D: [6, LARGE],
  C: [5, 256],
  E: [5, LARGE],
  N: [5, LARGE],
  Z: [5, 5],
  1: [4, 4],
  2: [4, 4],
  3: [4, 4],
  n: [4, 4],
  s: [4, 4],
  I: [4, 4],
  c: [4, 4],
  t: [6, LISTS],
  A: [10, 2 * SMALL],
  V: [8, LARGE],
  G: [7, LISTS],
  H: [7, LISTS],
  W: [7, LISTS],
  d: [4, LARGE],
};

const byType: Readonly<Record<Sender, readonly (Range | undefined)[]>> = {
  client: table(CLIENT_LENGTHS),
  server: table(SERVER_LENGTHS),
};

/** Whether there can be such a message. */
export function isPossible(sender: Sender, type: number, length: number): boolean {
  const range = byType[sender][type];
  return range !== undefined && length >= range[0] && length <= range[1];
}

export function isType(sender: Sender, type: number): boolean {
  return byType[sender][type] !== undefined;
}

function table(lengths: Readonly<Record<string, Range>>): readonly (Range | undefined)[] {
  const ranges: (Range | undefined)[] = new Array(256).fill(undefined);
  for (const [type, range] of Object.entries(lengths)) ranges[type.charCodeAt(0)] = range;
  return ranges;
}
