// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '@flowtap/core';
import { parserContext, type Recording } from '@flowtap/core/testing';
import { expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { PROBE_BYTES } from '../src/limits.js';
import { recordNode } from './node-recording.js';

function bytesOf(recording: Recording, direction: Direction): Buffer {
  return Buffer.concat(recording.filter((one) => one.direction === direction).map(({ bytes }) => bytes));
}

test('a conversation of Node.js that is joined at any byte of either direction is recognised, 99 times of 100 at least', async () => {
  const recording = await recordNode(120);
  const [egress, ingress] = [bytesOf(recording, 'egress'), bytesOf(recording, 'ingress')];
  const { connection } = parserContext({ joinedLate: true });
  const rounds = 1000;
  let recognised = 0;
  for (let round = 0; round < rounds; round++) {
    const from = (bytes: Buffer) => {
      const start = 1 + Math.floor(Math.random() * (bytes.length - PROBE_BYTES - 1));
      return bytes.subarray(start, start + PROBE_BYTES);
    };
    const probe = { egress: from(egress), ingress: from(ingress), joinedLate: true, connection, layer: 'raw' } as const;
    if (http2().detect(probe) === 'match') recognised += 1;
  }
  // Measured: one start in one to two thousand is not.
  expect(recognised).toBeGreaterThanOrEqual(0.99 * rounds);
});
