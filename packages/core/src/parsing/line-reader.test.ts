// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { chunkings } from '../testing/chunkings.js';
import { LineReader } from './line-reader.js';

const chunk = (bytes: Buffer | string, timestampNs = 0) => ({
  direction: 'ingress' as const,
  offset: 0,
  bytes: Buffer.from(bytes as string, 'latin1'),
  timestampNs,
});

/** Lines as they are, and after each `block <n>` a block of so many bytes, in angle brackets. */
function readAll(reader: LineReader, pieces: readonly Buffer[]): string[] {
  const items: string[] = [];
  let size: number | undefined;
  for (const piece of pieces) {
    const borrowed = chunk(piece);
    reader.push(borrowed);
    for (;;) {
      if (size !== undefined) {
        const body = reader.block(size, 4);
        if (body === undefined) break;
        items.push(`<${body.bytes.toString('latin1')}${body.truncated ? '…' : ''}>`);
        size = undefined;
      }
      const line = reader.line();
      if (line === undefined) break;
      items.push(line);
      if (line.startsWith('block ')) size = Number(line.slice(6));
    }
    borrowed.bytes.fill(0);
  }
  return items;
}

describe('a line reader', () => {
  it('gives the same lines and blocks however the bytes are cut', () => {
    const bytes = Buffer.from('one\r\ntwo\n\r\nblock 3\r\na\nb\r\nblock 6\nabcdef\r\nblock 0\r\n\r\nhalf', 'latin1');
    const expected = ['one', 'two', '', 'block 3', '<a\nb>', '', 'block 6', '<abcd…>', '', 'block 0', '<>', ''];
    for (const { name, pieces } of chunkings(bytes)) {
      expect(readAll(new LineReader(100), pieces), name).toEqual(expected);
    }
  });

  it('keeps the first bytes of a line that is too long', () => {
    const bytes = Buffer.from(`${'x'.repeat(50)}\nnext\n`);
    for (const { name, pieces } of chunkings(bytes)) {
      expect(readAll(new LineReader(8), pieces), name).toEqual(['xxxxxxxx', 'next']);
    }
  });

  it('passes over the rest of a line of which it missed bytes', () => {
    const reader = new LineReader(100);
    expect(readAll(reader, [Buffer.from('one\ntw')])).toEqual(['one']);
    expect(reader.lose(3)).toBe(false);
    expect(readAll(reader, [Buffer.from('o\nthree\n')])).toEqual(['three']);
    expect(readAll(new LineReader(100, true), [Buffer.from('lf a line\nwhole\n')])).toEqual(['whole']);
  });

  it('stays in step when the bytes that it missed belong to a block', () => {
    const reader = new LineReader(100);
    reader.push(chunk('block 6\nab'));
    reader.line();
    expect(reader.block(6, 100)).toBeUndefined();
    expect(reader.lose(3)).toBe(true);
    reader.push(chunk('fnext\n'));
    expect(reader.block(6, 100)).toMatchObject({ size: 6, truncated: true, bytes: Buffer.from('ab') });
    expect(reader.line()).toBe('next');
  });

  it('loses its step when more than the block was missed', () => {
    const reader = new LineReader(100);
    reader.push(chunk('block 6\nab'));
    reader.line();
    reader.block(6, 100);
    expect(reader.lose(5)).toBe(false);
    expect(readAll(reader, [Buffer.from('t\nnext\n')])).toEqual(['next']);
  });

  it('tells when the first byte of a line came', () => {
    const reader = new LineReader(100);
    reader.push(chunk('a\nb', 1));
    reader.line();
    expect(reader.startNs).toBe(1);
    expect(reader.line()).toBeUndefined();
    reader.push(chunk('b\nc\n', 2));
    reader.line();
    expect(reader.startNs).toBe(1);
    reader.line();
    expect([reader.startNs, reader.nowNs]).toEqual([2, 2]);
  });
});
