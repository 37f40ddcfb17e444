// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { websocket } from '../src/index.js';
import { BINARY, deflate, type FrameInit, frame, PING, TEXT, upgraded } from './frames.js';
import { lines } from './outline.js';

interface Said {
  readonly byClient: boolean;
  readonly isText: boolean;
  readonly content: string;
  readonly isCompressed: boolean;
  /** Lengths of the fragments before the last one. */
  readonly cuts: readonly number[];
  readonly mask: Uint8Array;
  /** A ping before every fragment but the first. */
  readonly pings: boolean;
}

const said: fc.Arbitrary<Said> = fc.record({
  byClient: fc.boolean(),
  isText: fc.boolean(),
  content: fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 200 }),
    fc.nat(70_000).map((length) => 'ab'.repeat(length / 2)),
  ),
  isCompressed: fc.boolean(),
  cuts: fc.array(fc.nat(60), { maxLength: 3 }),
  mask: fc.uint8Array({ minLength: 4, maxLength: 4 }),
  pings: fc.boolean(),
});

function framesOf({ byClient, isText, content, isCompressed, cuts, mask, pings }: Said): Buffer {
  let rest = isCompressed ? deflate(content) : Buffer.from(content);
  const pieces = cuts.map((length) => {
    const piece = rest.subarray(0, length);
    rest = rest.subarray(length);
    return piece;
  });
  const frames = [...pieces, rest].flatMap((payload, i): FrameInit[] => {
    const opcode = i > 0 ? 0 : isText ? TEXT : BINARY;
    const fragment = { opcode, payload, fin: i === pieces.length, rsv: i === 0 && isCompressed ? 4 : 0 };
    return pings && i > 0 ? [{ opcode: PING, payload: String(i) }, fragment] : [fragment];
  });
  return Buffer.concat(frames.map((init) => frame({ ...init, mask: byClient ? Buffer.from(mask) : undefined })));
}

function expectedOf({ byClient, isText, content, cuts, pings }: Said): readonly string[] {
  const sender = byClient ? 'client' : 'server';
  const shown = isText ? content : Buffer.from(content).toString('hex');
  const message = [sender, isText ? 'text' : 'binary', shown].filter((part) => part !== '').join(' ');
  return [...(pings ? cuts.map((_, i) => `${sender} ping ${i + 1}`) : []), message];
}

function recut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieces.at(-1)?.length ?? 0) {
    pieces.push(bytes.subarray(at, at + (sizes[pieces.length % sizes.length] ?? 1)));
  }
  return pieces;
}

const sizes = fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 10 });
const NO_TAKEOVER = upgraded('permessage-deflate; client_no_context_takeover; server_no_context_takeover');

test('any conversation in any chunking gives what was said', () => {
  fc.assert(
    fc.property(fc.array(said, { maxLength: 12 }), sizes, (conversation, pieceSizes) => {
      const steps = conversation.flatMap((one): ParserStep[] => {
        const direction = one.byClient ? 'egress' : 'ingress';
        return recut(framesOf(one), pieceSizes).map((bytes) => ({ direction, bytes }));
      });
      const run = runParser(websocket(), steps, { upgraded: NO_TAKEOVER, limits: { maxBodyBytes: 1e7 } });
      expect(lines(run)).toEqual(conversation.flatMap(expectedOf));
      expect(run.counts).toEqual({});
    }),
    { numRuns: 150 },
  );
});

test('no bytes make it throw, keep more than its limits allow, or take long', () => {
  const step = fc.record({
    direction: fc.constantFrom('ingress' as const, 'egress' as const),
    // Bytes that look like heads of frames, else nearly everything ends at the first byte.
    bytes: fc.array(fc.oneof(fc.constantFrom(0x01, 0x80, 0x81, 0x82, 0x88, 0x89, 0xc1, 0xfe, 0x7e, 0x02), fc.nat(255))),
    gapBytes: fc.nat(300),
  });
  fc.assert(
    fc.property(fc.array(step), fc.boolean(), fc.boolean(), (given, joinedLate, hasHandshake) => {
      const steps = given.map(
        ({ direction, bytes, gapBytes }): ParserStep =>
          gapBytes > 250 ? { direction, gapBytes } : { direction, bytes: Buffer.from(bytes) },
      );
      const limits = { maxBodyBytes: 50 };
      const options = hasHandshake ? { upgraded: NO_TAKEOVER } : { joinedLate };
      const { exchanges } = runParser(websocket(), steps, { limits, ...options });
      expect(exchanges.length).toBeLessThanOrEqual(1);
      const kept = exchanges[0]?.messages?.reduce((sum, { content }) => sum + content.bytes.length, 0) ?? 0;
      expect(kept).toBeLessThanOrEqual(50);
    }),
    { numRuns: 500 },
  );
});
