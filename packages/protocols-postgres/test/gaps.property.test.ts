// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { postgres } from '../src/index.js';
import * as pg from './messages.js';
import { dataRow, received, sent } from './messages.js';
import { outline } from './outline.js';

type Step = ReturnType<typeof sent>;

const row = (id: number) => dataRow(String(id));
const columns = pg.rowDescription({ name: 'id', oid: 23 });

/** Statements and their answers, in which everything has its number: an answer to another statement would show. */
const CYCLES: Readonly<Record<string, (id: number) => readonly Step[]>> = {
  simple: (id) => [sent(pg.query(`SELECT ${id}`)), received(columns, row(id), pg.complete('SELECT 1'), pg.ready())],
  extended: (id) => [
    sent(pg.parse('', `SELECT ${id}`), pg.bind({ values: [String(id)] }), pg.describePortal(), pg.execute(), pg.sync),
    received(pg.parseComplete, pg.bindComplete, columns, row(id), pg.complete('SELECT 1'), pg.ready()),
  ],
  prepared: (id) => [
    sent(pg.parse(`s${id}`, `SELECT ${id}`), pg.sync),
    received(pg.parseComplete, pg.ready()),
    sent(pg.bind({ statement: `s${id}` }), pg.execute(), pg.sync),
    received(pg.bindComplete, row(id), pg.complete('SELECT 1'), pg.ready()),
  ],
  pipeline: (id) => {
    const ids = [id * 1000 + 1, id * 1000 + 2, id * 1000 + 3];
    const asked = ids.flatMap((each) => [pg.parse('', `SELECT ${each}`), pg.bind(), pg.describePortal(), pg.execute()]);
    const answered = ids.flatMap((each) => [
      pg.parseComplete,
      pg.bindComplete,
      columns,
      row(each),
      pg.complete('SELECT 1'),
    ]);
    return [sent(...asked.slice(0, 6)), sent(...asked.slice(6), pg.sync), received(...answered, pg.ready())];
  },
  failing: (id) => [
    sent(pg.query(`SELECT ${id}; oops`)),
    received(columns, row(id), pg.complete('SELECT 1'), pg.errorResponse('42601', `no ${id}`), pg.ready()),
  ],
};

const session = fc
  .array(fc.constantFrom(...Object.keys(CYCLES)), { minLength: 3, maxLength: 12 })
  .map((kinds) => [...pg.login, ...kinds.flatMap((kind, id) => CYCLES[kind]?.(id + 1) ?? [])]);

interface Hole {
  /** Parts of a thousand of the session. */
  readonly at: number;
  readonly length: number;
}

const hole: fc.Arbitrary<Hole> = fc.record({
  at: fc.nat(999),
  length: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 400 })),
});

/** The same steps without the bytes of the holes. */
function withHoles(steps: readonly Step[], holes: readonly Hole[]): readonly ParserStep[] {
  const total = steps.reduce((sum, { bytes }) => sum + bytes.length, 0);
  const ranges = holes.map(({ at, length }) => {
    const start = Math.floor((at * total) / 1000);
    return [start, start + length] as const;
  });
  const left: ParserStep[] = [];
  let offset = 0;
  for (const { direction, bytes } of steps) {
    const edges = ranges
      .flatMap((range) => range.map((edge) => edge - offset))
      .filter((edge) => edge > 0 && edge < bytes.length);
    const cuts = [0, ...new Set(edges), bytes.length].sort((a, b) => a - b);
    for (const [i, cut] of cuts.slice(0, -1).entries()) {
      const end = cuts[i + 1] ?? cut;
      const isLost = ranges.some(([from, to]) => cut + offset >= from && cut + offset < to);
      if (end > cut)
        left.push(isLost ? { direction, gapBytes: end - cut } : { direction, bytes: bytes.subarray(cut, end) });
    }
    offset += bytes.length;
  }
  return left;
}

/** What a flow says is not known of it. */
const isWhole = ({ request }: { readonly request?: unknown }) => {
  const { sql, sqlTruncated, operation } = request as { sql?: string; sqlTruncated?: true; operation: string };
  return sqlTruncated === undefined && (sql !== undefined || operation === 'connect' || operation === 'cancel');
};

test('whatever is missing, a flow that says it is complete is one that there was', () => {
  let complete = 0;
  fc.assert(
    fc.property(session, fc.array(hole, { minLength: 1, maxLength: 3 }), (steps, holes) => {
      const truth = new Set(runParser(postgres(), steps).exchanges.map(outline));
      const found = runParser(postgres(), withHoles(steps, holes)).exchanges;
      for (const exchange of found) {
        if (!exchange.complete || exchange.gaps !== undefined || !isWhole(exchange)) continue;
        complete += 1;
        expect(truth).toContain(outline(exchange));
      }
    }),
    { numRuns: 2000, seed: 1 },
  );
  expect(complete).toBeGreaterThan(2000);
});

test('joined anywhere, what is read is what there was, and soon nothing is missing', () => {
  fc.assert(
    fc.property(session, fc.nat(999), (steps, at) => {
      const truth = new Set(runParser(postgres(), steps).exchanges.map(outline));
      const start = Math.floor((at * steps.length) / 1000);
      const found = runParser(postgres(), steps.slice(start), { joinedLate: true }).exchanges;
      for (const exchange of found) {
        expect(exchange.joined).toBe('late');
        if (exchange.complete && isWhole(exchange)) expect(truth).toContain(outline(exchange));
      }
      const isUnseen = ({ complete }: { readonly complete: boolean }) => !complete;
      expect(found.filter(isUnseen).length).toBeLessThanOrEqual(3);
    }),
    { numRuns: 1000, seed: 1 },
  );
});
