// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { bodyOf } from '../../test/sample-flows.js';
import type { GrpcDecodedMessage, GrpcDetails } from '../flow/grpc-details.js';
import { grpcLines } from './human-grpc.js';

function details(decoded: readonly GrpcDecodedMessage[], messageCount = decoded.length): GrpcDetails {
  const messages = decoded.map((one) => ({
    offsetMs: 1,
    compressed: false,
    content: bodyOf('bytes'),
    decoded: () => one,
  }));
  return { messages, messageCount };
}

describe('messages for a person', () => {
  it('are left to the body where no schema was given', () => {
    const messages = [{ offsetMs: 1, compressed: false, content: bodyOf('x') }];
    expect(grpcLines({ messages, messageCount: 1 }, 100)).toBeUndefined();
    expect(grpcLines({ messages: [], messageCount: 0 }, 100)).toBeUndefined();
  });

  it('have a line each, or what was wrong', () => {
    const lines = grpcLines(
      details([
        { type: 'a.B', json: { name: 'x' } },
        { type: 'a.B', json: {}, unknownFields: 3 },
        { error: 'The schema has no method a.S/M.' },
        { type: 'a.B', error: 'The message is no a.B.' },
      ]),
      1000,
    );
    expect(lines).toEqual([
      '{"name":"x"}',
      '{} [and 3 unknown fields]',
      '[message, 5 B: The schema has no method a.S/M.]',
      '[a.B, 5 B: The message is no a.B.]',
    ]);
  });

  it('cannot take hold of the terminal', () => {
    expect(grpcLines(details([{ error: 'a\x1b[2Jb' }]), 100)?.[0]).toContain('a\\x1b[2Jb');
    expect(grpcLines(details([{ type: 'T', json: '\u202e' }]), 100)?.[0]).toBe('"\\u202e"');
  });

  it('are cut at the limit, and the rest is counted', () => {
    const long = { type: 'T', json: 'y'.repeat(50) };
    expect(grpcLines(details([long, long, long]), 60)).toEqual([
      `"${'y'.repeat(50)}"`,
      `"${'y'.repeat(7)}…`,
      '[… 3 messages in all]',
    ]);
    const many = Array.from({ length: 40 }, (): GrpcDecodedMessage => ({ type: 'T', json: 1 }));
    expect(grpcLines(details(many, 2000), 1000)).toHaveLength(25);
    expect(grpcLines(details(many, 2000), 1000)?.at(-1)).toBe('[… 2000 messages in all]');
  });
});
