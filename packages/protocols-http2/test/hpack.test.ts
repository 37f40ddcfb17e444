// SPDX-License-Identifier: Apache-2.0
import { pseudoRandomBytes } from '@flowtap/core/testing';
import fc from 'fast-check';
import hpackJs from 'hpack.js';
import { expect, test } from 'vitest';
import { describeWithPython, runPython } from '../../../test/support/python.js';
import { looksLikeHeaderBlock } from '../src/hpack/block-shape.js';
import { HpackDecoder } from '../src/hpack/decoder.js';
import { checkFields, checkJoinedLate, type EncodedBlock } from './hpack-check.js';

interface Encoded {
  readonly connection: number;
  readonly fields: readonly (readonly [string, string])[];
  readonly block: string;
}

const NO_LIMIT = 1 << 20;
const ENCODE_BLOCKS = new URL('./python/encode_blocks.py', import.meta.url);
const SEEDS = ['1', '2', '3'];

function byConnection(blocks: readonly Encoded[]): readonly (readonly EncodedBlock[])[] {
  const connections: EncodedBlock[][] = [];
  for (const { connection, fields, block } of blocks) {
    connections[connection] ??= [];
    connections[connection]?.push({ fields, bytes: Buffer.from(block, 'hex') });
  }
  return connections;
}

describeWithPython('hpack', "blocks of Python's hpack", () => {
  test.each(SEEDS)('are decoded to the fields they were made from (seed %s)', (seed) => {
    let shapes = 0;
    for (const blocks of byConnection(runPython<Encoded>(ENCODE_BLOCKS, seed))) shapes += checkFields(blocks);
    expect(shapes).toBeGreaterThan(100);
  });

  test.each(SEEDS)('joined after any of them, no field has a wrong value (seed %s)', (seed) => {
    for (const blocks of byConnection(runPython<Encoded>(ENCODE_BLOCKS, seed))) {
      for (let after = 1; after < blocks.length; after += 5) checkJoinedLate(blocks, after);
    }
  });

  test('are read alike by hpack.js, where it reads them', () => {
    let compared = 0;
    for (const blocks of byConnection(runPython<Encoded>(ENCODE_BLOCKS, '4'))) {
      const decoder = new HpackDecoder(false);
      const other = hpackJs.decompressor.create({ table: { maxSize: 65_536 } });
      for (const { bytes, fields } of blocks) {
        // It takes values for UTF-8, which they need not be.
        if (fields.some(([name, value]) => /[^\0-\x7f]/.test(name + value))) break;
        other.write(bytes);
        other.execute();
        for (const [name, value] of decoder.decode(bytes, 0, bytes.length, NO_LIMIT).headers) {
          expect(other.read()).toMatchObject({ name, value });
          compared += 1;
        }
      }
    }
    expect(compared).toBeGreaterThan(100);
  });
});

test('arbitrary bytes never throw, and what a decoder keeps stays bounded', () => {
  const decoder = new HpackDecoder(true);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (array) => {
      const bytes = Buffer.from(array);
      const { headers } = decoder.decode(bytes, 0, bytes.length, 4096);
      let listBytes = 0;
      for (const [name, value] of headers) listBytes += name.length + value.length + 32;
      expect(listBytes).toBeLessThanOrEqual(4096);
      expect(decoder.tableSize).toBeLessThanOrEqual(262_144);
    }),
    { numRuns: 5000 },
  );
});

test('hardly any random bytes have the shape of a header block', () => {
  let alike = 0;
  for (let seed = 1; seed <= 2000; seed++) if (looksLikeHeaderBlock(pseudoRandomBytes(seed, 60), 0, 60)) alike += 1;
  expect(alike).toBeLessThan(10);
});
