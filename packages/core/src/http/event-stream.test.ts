// SPDX-License-Identifier: Apache-2.0
import { createParser } from 'eventsource-parser';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ServerSentEvent } from '../flow/flow-message.js';
import { MAX_LISTED_MESSAGES } from '../flow/message-list.js';
import { chunkings } from '../testing/chunkings.js';
import { EventStreamReader, isEventStream } from './event-stream.js';

const GAP = Symbol('gap');

function read(pieces: readonly (Buffer | string | typeof GAP)[], maxBytes = 1e6) {
  const told: ServerSentEvent[] = [];
  const reader = new EventStreamReader({ startNs: 1e6, maxBytes, onEvent: (event) => told.push(event) });
  for (const [i, piece] of pieces.entries()) {
    if (piece === GAP) {
      reader.skip();
      continue;
    }
    const bytes = Buffer.from(piece);
    reader.append(bytes, 0, bytes.length, (i + 2) * 1e6);
    // Borrowed bytes must not be kept.
    bytes.fill(0xaa);
  }
  return { told, stream: reader.toEventStream(1e6) };
}

const shown = (events: readonly ServerSentEvent[]) => events.map(({ event, content }) => [event, content.text()]);

/** Another implementation, which takes text. */
function reference(text: string) {
  const events: (readonly [string, string])[] = [];
  createParser({ onEvent: ({ event, data }) => events.push([event ?? 'message', data]) }).feed(text);
  return events;
}

describe('an event stream', () => {
  it('is read as the standard says, however it is cut', () => {
    const text = Buffer.from(
      ': comment\r\n\r\ndata: one\rdata:two\r\rid: 7\nevent: tick\ndata\ndata: x\n\nretry: 10\ndata:  grüße\n\nevent: unused\n\ndata: cut',
    );
    const expected = [
      ['message', 'one\ntwo'],
      ['tick', '\nx'],
      ['message', ' grüße'],
    ];
    expect(reference(text.toString())).toEqual(expected);
    for (const { pieces } of chunkings(text)) {
      const { stream, told } = read(pieces);
      expect(shown(stream.events)).toEqual(expected);
      expect(told).toEqual(stream.events);
      expect(stream.events.map(({ id }) => id)).toEqual([undefined, '7', '7']);
      expect(stream).toMatchObject({ eventCount: 3 });
      expect(stream.eventsLost).toBeUndefined();
    }
  });

  it('is read as another implementation reads it', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        '',
        'data',
        'data:',
        'data: a',
        'event: b',
        'event:',
        'id: 1',
        ': c',
        'x',
        'x: y',
        ' data: z',
      ),
      fc.string({ unit: 'grapheme', maxLength: 20 }).map((text) => `data:${text.replace(/[\r\n]/g, '')}`),
    );
    const text = fc
      .array(fc.tuple(line, fc.constantFrom('\n', '\r\n', '\r')))
      .map((lines) => `${lines.map(([content, end]) => content + end).join('')}\n\n`);
    fc.assert(
      fc.property(text, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), (given, sizes) => {
        const bytes = Buffer.from(given);
        const pieces: Buffer[] = [];
        for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 0) {
          pieces.push(bytes.subarray(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
        }
        expect(shown(read(pieces).stream.events)).toEqual(reference(given));
      }),
      { numRuns: 300 },
    );
  });

  it('may begin with a byte order mark', () => {
    expect(shown(read(['\ufeffdata: a\n\n']).stream.events)).toEqual([['message', 'a']]);
  });

  it('tells when each event was whole, from the start of its flow', () => {
    const { stream } = read(['data: a\n', '\ndata: b\n\n']);
    expect(stream.events.map(({ offsetMs }) => offsetMs)).toEqual([2, 2]);
  });
});

describe('after a gap', () => {
  it('nothing is believed before the next empty line', () => {
    const { stream } = read(['data: a\n\ndata: b', GAP, 'rest\ndata: not whole\n\ndata: c\n\n']);
    expect(shown(stream.events)).toEqual([
      ['message', 'a'],
      ['message', 'c'],
    ]);
    expect(stream.eventsLost).toBe(true);
  });
});

describe('limits', () => {
  it('of the data the first bytes are kept, all are counted', () => {
    const { stream, told } = read([`data: ${'x'.repeat(100)}\n\n`, 'data: 12345\n\n'], 40);
    expect(told.map(({ content }) => [content.size, content.captured])).toEqual([
      [100, 34],
      [5, 5],
    ]);
    expect(stream.events.map(({ content }) => content.captured)).toEqual([34, 5]);
  });

  it('of the events the first are listed, all are counted and told', () => {
    const { stream, told } = read(['data: a\n\n'.repeat(MAX_LISTED_MESSAGES + 7)]);
    expect(stream.events).toHaveLength(MAX_LISTED_MESSAGES);
    expect(stream.eventCount).toBe(MAX_LISTED_MESSAGES + 7);
    expect(told).toHaveLength(MAX_LISTED_MESSAGES + 7);
  });

  it('a long stream without an end of line takes linear time', () => {
    const timeOf = (pieces: number) => {
      const start = performance.now();
      read(
        Array.from({ length: pieces }, () => 'data'),
        1e8,
      );
      return performance.now() - start;
    };
    timeOf(10_000);
    expect(timeOf(400_000)).toBeLessThan(5000);
  });
});

it('is known by its type', () => {
  expect(['text/event-stream', 'Text/Event-Stream; charset=utf-8'].map(isEventStream)).toEqual([true, true]);
  expect([undefined, 'text/event-streams', 'text/html'].map(isEventStream)).toEqual([false, false, false]);
});
