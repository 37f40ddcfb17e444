// SPDX-License-Identifier: Apache-2.0
// What programs/calls.c says that it moved, and the same from the events.
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { SentData, SentEvent } from './recorder-messages.js';

/** Text by descriptor and direction. */
export type Streams = Record<string, string>;

export function logged(path: string): Streams {
  const streams: Streams = {};
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, fd, direction, text] = /^(\d+) (in|out) (.*)$/.exec(line) ?? [];
    if (fd) streams[`${fd} ${direction}`] = `${streams[`${fd} ${direction}`] ?? ''}${text}`;
  }
  return streams;
}

/** An offset that is not where the last event ended shows in the text. */
export function captured(data: readonly SentData[]): Streams {
  const streams: Streams = {};
  const ends = new Map<string, number>();
  for (const { fd, direction, offset, length, bytes, gapReason } of data) {
    const key = `${fd} ${direction === 'ingress' ? 'in' : 'out'}`;
    const jump = offset === (ends.get(key) ?? 0) ? '' : `[jump to ${offset}]`;
    const gap = length > bytes.length ? `[${gapReason} ${length - bytes.length}]` : '';
    streams[key] = `${streams[key] ?? ''}${jump}${bytes}${gap}`;
    ends.set(key, offset + length);
  }
  return streams;
}

/** Bytes that a stream stands for. */
function bytesIn(text: string): number {
  const gaps = [...text.matchAll(/\[[\w-]+ (\d+)\]/g)];
  return gaps.reduce((sum, [gap, bytes]) => sum - gap.length + Number(bytes), text.length);
}

export function expectTotals(events: readonly SentEvent[], streams: Streams): void {
  const closes = events.filter((event) => event.type === 'close');
  expect(closes).toHaveLength(2);
  for (const { fd, raw } of closes) {
    expect(raw).toEqual({
      ingress: bytesIn(streams[`${fd} in`] ?? ''),
      egress: bytesIn(streams[`${fd} out`] ?? ''),
    });
  }
}
