// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import * as zlib from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeContent, MAX_DECODED_BYTES } from './content-coding.js';

/** Hexadecimal digits that compress to half their size and not further, the same in each run. */
function noiseOf(bytes: number): Buffer {
  const hashes = Array.from({ length: Math.ceil(bytes / 64) }, (_, i) =>
    createHash('sha256').update(`${i}`).digest('hex'),
  );
  return Buffer.from(hashes.join(''));
}

const text = Buffer.from('The quick brown fox jumps over the lazy dog. '.repeat(200));
const compressors: Record<string, (bytes: Buffer) => Buffer> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  'x-gzip': (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  'deflate, without its header': (bytes) => zlib.deflateRawSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
};
const codingOf = (name: string) => name.split(',')[0] ?? name;
const zstdCompressSync = (zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer }).zstdCompressSync;
if (zstdCompressSync !== undefined) Object.assign(compressors, { zstd: zstdCompressSync });

describe.each(Object.entries(compressors))('content coding %s', (name, compress) => {
  const coding = codingOf(name);

  it('is undone', () => {
    expect(decodeContent(compress(text), coding, false)).toEqual({ bytes: text, truncated: false });
  });

  it('is undone whatever the case and the blanks', () => {
    expect(decodeContent(compress(text), ` ${coding.toUpperCase()} `, false).bytes).toEqual(text);
  });

  it('gives what a truncated body holds', () => {
    const noise = noiseOf(400_000);
    const compressed = compress(noise);
    const { bytes, truncated } = decodeContent(compressed.subarray(0, compressed.length - 500), coding, true);
    expect(truncated).toBe(true);
    expect(bytes.length).toBeGreaterThan(0);
    expect(noise.subarray(0, bytes.length).equals(bytes)).toBe(true);
  });

  it('says so when a truncated body holds nothing of the content', () => {
    const start = compress(text).subarray(0, 2);
    const { bytes, error } = decodeContent(start, coding, true);
    expect(bytes).toEqual(start);
    expect(error).toContain(`Too little of the content was captured to decode ${coding}`);
  });

  it('never throws at any cut', () => {
    const compressed = compress(Buffer.from('short content'));
    for (let length = 0; length <= compressed.length; length++) {
      decodeContent(compressed.subarray(0, length), coding, true);
    }
  });

  it('stops a bomb at the cap, with the flag', () => {
    const bomb = compress(Buffer.alloc(16 * 1024 * 1024, 'A'));
    const { bytes, truncated, error } = decodeContent(bomb, coding, false);
    expect(bytes.length).toBe(MAX_DECODED_BYTES);
    expect(bytes.equals(Buffer.alloc(MAX_DECODED_BYTES, 'A'))).toBe(true);
    expect(truncated).toBe(true);
    expect(error).toMatch(/stopped after 4194304 bytes/);
  });

  it('gives what came before the damage, with an error', () => {
    const noise = noiseOf(400_000);
    const compressed = compress(noise);
    const middle = compressed.length >> 1;
    compressed.fill(0xff, middle, middle + 64);
    const { bytes, error } = decodeContent(compressed, coding, false);
    // The other formats carry no checksum: damage may go unnoticed.
    if (name.endsWith('gzip') || name === 'deflate') expect(error).toContain(`not valid ${coding}`);
    expect(bytes.length).toBeGreaterThan(50_000);
    expect(noise.subarray(0, 50_000).equals(bytes.subarray(0, 50_000))).toBe(true);
  });

  it('leaves bytes that were never encoded as they are, with an error', () => {
    const plain = Buffer.from('\u00ff{"this": "is plain JSON under a wrong header"}', 'latin1');
    const { bytes, error } = decodeContent(plain, coding, false);
    expect(bytes).toEqual(plain);
    expect(error).toContain('not valid');
  });
});

describe('several codings', () => {
  it('are undone in reverse order', () => {
    const bytes = zlib.brotliCompressSync(zlib.gzipSync(text));
    expect(decodeContent(bytes, 'gzip, br', false).bytes).toEqual(text);
  });

  it('keep what one of them could not undo', () => {
    const { bytes, error } = decodeContent(zlib.gzipSync(text), 'compress, gzip', false);
    expect(bytes).toEqual(text);
    expect(error).toContain('"compress" is not supported');
  });

  it('do not multiply a bomb', () => {
    const bomb = zlib.gzipSync(zlib.gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    const { bytes, truncated } = decodeContent(bomb, 'gzip, gzip', false);
    expect(bytes.length).toBe(MAX_DECODED_BYTES);
    expect(truncated).toBe(true);
  });
});

it.each(['identity', '', ' , ', 'IDENTITY, identity'])('takes %j as no coding', (encoding) => {
  expect(decodeContent(text, encoding, false)).toEqual({ bytes: text, truncated: false });
});

it('reads all members of a gzip file', () => {
  const members = Buffer.concat([zlib.gzipSync(Buffer.from('one ')), zlib.gzipSync(Buffer.from('two'))]);
  expect(decodeContent(members, 'gzip', false).bytes.toString()).toBe('one two');
});
