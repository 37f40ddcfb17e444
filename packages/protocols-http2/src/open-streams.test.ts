// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Exchange } from './exchange.js';
import { OpenStreams } from './open-streams.js';

const streamIds = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 2 ** 31 - 1 }));
const steps = fc.array(fc.record({ streamId: streamIds, close: fc.boolean() }), { maxLength: 400 });

test('any streams that come and go are found by their numbers, like in a map', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const streams = new OpenStreams();
      const expected = new Map<number, Exchange>();
      for (const { streamId, close } of all) {
        const known = expected.get(streamId);
        expect(streams.get(streamId)).toBe(known);
        if (known === undefined) {
          const exchange = new Exchange(streamId);
          streams.add(exchange);
          expected.set(streamId, exchange);
        } else if (close) {
          streams.delete(known);
          expected.delete(streamId);
        }
        expect(streams.size).toBe(expected.size);
      }
      expect(streams.values()).toEqual([...expected.values()].sort((a, b) => a.streamId - b.streamId));
      for (const exchange of expected.values()) streams.delete(exchange);
      expect(streams.values()).toEqual([]);
    }),
  );
});

test('one that is not there is deleted without harm', () => {
  const streams = new OpenStreams();
  streams.add(new Exchange(1));
  streams.delete(new Exchange(129));
  expect(streams.size).toBe(1);
});

test('the oldest is the one that was opened first, also among many', () => {
  const streams = new OpenStreams();
  expect(streams.oldest()).toBeUndefined();
  for (let streamId = 1; streamId < 1000; streamId += 2) streams.add(new Exchange(streamId));
  for (let streamId = 1; streamId < 1000; streamId += 2) {
    const oldest = streams.oldest();
    expect(oldest?.streamId).toBe(streamId);
    if (oldest !== undefined) streams.delete(oldest);
  }
});
