// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { HttpHeader } from '@flowtap/core';
import { describe, expect, test, vi } from 'vitest';
import { checkFields, checkJoinedLate, type EncodedBlock } from './hpack-check.js';

// A busy machine may need long for so many blocks.
vi.setConfig({ testTimeout: 120_000 });

/** The public hpack-test-case: header lists of real sites, as encoders of several projects made blocks of them. */
const corpus = fileURLToPath(new URL('../../../.cache/test-programs/hpack-test-case', import.meta.url));
const requireAll = process.env['CI'] === 'true' || process.env['FLOWTAP_REQUIRE_ALL'] === '1';

interface Story {
  readonly cases: readonly {
    readonly wire: string;
    readonly headers: readonly Readonly<Record<string, string>>[];
  }[];
}

/** The blocks of each connection. */
function storiesOf(encoder: string): readonly (readonly EncodedBlock[])[] {
  const directory = join(corpus, encoder);
  return readdirSync(directory)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const { cases } = JSON.parse(readFileSync(join(directory, name), 'utf8')) as Story;
      return cases.map(({ wire, headers }) => ({
        bytes: Buffer.from(wire, 'hex'),
        fields: headers.flatMap((header): HttpHeader[] => Object.entries(header)),
      }));
    });
}

const isThere = existsSync(corpus);
const reason = `${corpus} is missing: npm run setup`;

if (!isThere && requireAll) {
  test('the public corpus of header blocks', () => {
    throw new Error(reason);
  });
}

describe.skipIf(!isThere)(`the public corpus of header blocks${isThere ? '' : ` (skipped: ${reason})`}`, () => {
  const encoders = isThere ? readdirSync(corpus).filter((name) => !name.includes('.')) : [];

  test('has encoders that index in different ways', () => {
    expect(encoders.length).toBeGreaterThanOrEqual(10);
  });

  test.each(encoders)('%s: every block gives the fields it was made from', (encoder) => {
    let shapes = 0;
    for (const story of storiesOf(encoder)) shapes += checkFields(story);
    expect(shapes).toBeGreaterThan(3000);
  });

  test.each(encoders)('%s: joined late, no field has a wrong value', (encoder) => {
    for (const story of storiesOf(encoder)) {
      for (const after of [1, Math.floor(story.length / 3), Math.floor((2 * story.length) / 3)]) {
        checkJoinedLate(story.slice(0, after + 60), after);
      }
    }
  });
});
