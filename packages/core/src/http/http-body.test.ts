// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { HttpBody } from './http-body.js';

const bodyOf = (bytes: Buffer, init: { size?: number; contentEncoding?: string } = {}) =>
  new HttpBody({ size: bytes.length, truncated: init.size !== undefined, bytes, ...init });

describe('text', () => {
  it('is there for valid UTF-8 and only for that', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array(),
          fc.string({ unit: 'binary' }).map((s) => Buffer.from(s)),
        ),
        (content) => {
          const bytes = Buffer.from(content);
          const text = bodyOf(bytes).text();
          const lossless = Buffer.from(bytes.toString('utf8')).equals(bytes);
          expect(text).toBe(lossless ? bytes.toString('utf8') : undefined);
        },
      ),
    );
  });

  it('keeps a byte order mark and control characters', () => {
    expect(bodyOf(Buffer.from('\ufeffa\u0000\u001b')).text()).toBe('\ufeffa\u0000\u001b');
  });

  it.each(['é', '€', '😀'])('leaves out %s where a truncation cut it', (character) => {
    const whole = Buffer.from(`abc${character}`);
    for (let length = 3; length < whole.length; length++) {
      expect(bodyOf(whole.subarray(0, length), { size: 100 }).text()).toBe('abc');
      expect(bodyOf(whole.subarray(0, length)).text()).toBe(length === 3 ? 'abc' : undefined);
    }
    expect(bodyOf(whole, { size: 100 }).text()).toBe(`abc${character}`);
  });

  it('is not made of binary content by leaving out its end', () => {
    expect(bodyOf(Buffer.from([0x61, 0x80]), { size: 9 }).text()).toBeUndefined();
    expect(bodyOf(Buffer.from([0xff, 0x61, 0xe2, 0x82]), { size: 9 }).text()).toBeUndefined();
    expect(bodyOf(Buffer.from([0x80, 0x80, 0x80, 0x80]), { size: 9 }).text()).toBeUndefined();
  });

  it('tolerates the cut that decoding made', () => {
    const bytes = gzipSync(Buffer.from(`a${'€'.repeat(2_000_000)}`));
    const text = bodyOf(bytes, { contentEncoding: 'gzip' }).text();
    expect(text).toMatch(/^a€+$/);
  });
});

describe('JSON', () => {
  it('has text without the content coding and the sizes with it', () => {
    const bytes = gzipSync(Buffer.from('{"a":1}'));
    expect(JSON.parse(JSON.stringify(bodyOf(bytes, { contentEncoding: 'gzip' })))).toEqual({
      size: bytes.length,
      captured: bytes.length,
      truncated: false,
      contentEncoding: 'gzip',
      text: '{"a":1}',
    });
  });

  it('has base64 of binary content', () => {
    expect(bodyOf(Buffer.from([0xff, 0x00]), { size: 7 }).toJSON()).toEqual({
      size: 7,
      captured: 2,
      truncated: true,
      base64: '/wA=',
    });
  });

  it('says why content could not be decoded', () => {
    const body = bodyOf(Buffer.from('plain'), { contentEncoding: 'gzip' });
    expect(body.toJSON()).toMatchObject({ text: 'plain', decodeError: expect.stringContaining('not valid gzip') });
  });
});

it('decodes once', () => {
  const body = bodyOf(gzipSync(Buffer.from('x')), { contentEncoding: 'gzip' });
  expect(body.decoded()).toBe(body.decoded());
});

it('shares the empty body', () => {
  expect(HttpBody.empty.toJSON()).toEqual({ size: 0, captured: 0, truncated: false, text: '' });
});

it('knows a body of another copy of the package as one', () => {
  class OtherHttpBody {
    get [Symbol.for('flowtap.http-body')](): true {
      return true;
    }
  }
  expect(HttpBody.isInstance(HttpBody.empty)).toBe(true);
  expect(HttpBody.isInstance(new OtherHttpBody())).toBe(true);
  expect(HttpBody.isInstance({ size: 0, bytes: Buffer.alloc(0) })).toBe(false);
  expect(HttpBody.isInstance(undefined)).toBe(false);
});
