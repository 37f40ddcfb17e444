// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { http1 } from '../src/index.js';
import {
  type Conversation,
  conversation,
  cut,
  hasResponseBody,
  holes,
  type ModelExchange,
  withHoles,
} from './conversation.js';
import { type Outline, outlines } from './outline.js';

const sizes = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 30 });

/** What the model says that the parser must find. */
function expectedOf(model: ModelExchange): Outline {
  const hasTrailers = hasResponseBody(model) && model.responseChunked;
  const trailers = [['X-Trailer', 't']] as const;
  return {
    request: `${model.method} /${model.id} HTTP/1.1`,
    ...(model.requestBody !== '' && { requestBody: model.requestBody }),
    ...(model.requestChunked && { requestTrailers: trailers }),
    response: `${model.status} Some Reason HTTP/1.1`,
    ...(hasResponseBody(model) && model.responseBody !== '' && { responseBody: model.responseBody }),
    ...(hasTrailers && { responseTrailers: trailers }),
    complete: true,
  };
}

/** The bytes of each step in pieces of the given sizes. */
function recut(steps: readonly ParserStep[], pieceSizes: readonly number[]): ParserStep[] {
  let turn = 0;
  return steps.flatMap((step): ParserStep[] => {
    if ('gapBytes' in step) return [step];
    const pieces: ParserStep[] = [];
    for (let at = 0; at < step.bytes.length; ) {
      const size = pieceSizes[turn++ % pieceSizes.length] ?? 1;
      pieces.push({ direction: step.direction, bytes: step.bytes.subarray(at, at + size) });
      at += size;
    }
    return pieces;
  });
}

describe.each(['sequential', 'batch', 'window'] as const)('a %s client', (style) => {
  test('any chunking gives what the conversation was made from', () => {
    fc.assert(
      fc.property(conversation(style), sizes, (talk: Conversation, pieceSizes) => {
        const run = runParser(http1(), cut(talk.events, pieceSizes));
        expect(outlines(run)).toEqual(talk.exchanges.map(expectedOf));
        expect(run.counts).toEqual({});
      }),
      { numRuns: 150 },
    );
  });

  test('chunking changes nothing after gaps either', () => {
    fc.assert(
      fc.property(conversation(style), holes, sizes, (talk, list, pieceSizes) => {
        const steps = withHoles(talk, talk.events, list);
        expect(runParser(http1(), recut(steps, pieceSizes))).toEqual(runParser(http1(), steps));
      }),
      { numRuns: 150 },
    );
  });

  test('a stream that is joined late shows no exchange that did not take place', () => {
    fc.assert(
      fc.property(conversation(style), fc.nat({ max: 1500 }), (talk, dropped) => {
        let toDrop = dropped;
        const steps = talk.events.flatMap((event) => {
          const drop = Math.min(toDrop, event.bytes.length);
          toDrop -= drop;
          return drop === event.bytes.length ? [] : [{ ...event, bytes: event.bytes.subarray(drop) }];
        });
        const known = new Set(talk.exchanges.map((model) => `${model.method} /${model.id} HTTP/1.1`));
        for (const { request } of outlines(runParser(http1(), steps, { joinedLate: true }))) {
          if (request !== undefined) expect(known).toContain(request);
        }
      }),
      { numRuns: 150 },
    );
  });
});
