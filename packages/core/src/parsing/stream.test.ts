// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { DataEvent } from '../events.js';
import { FakeConnection } from '../testing/fake-connection.js';
import { SocketMapHarness } from '../testing/socket-map-harness.js';
import type { ProtocolPlugin } from './protocol-plugin.js';

/** Claims everything and writes down what it is given: `+from-to` for bytes, `!from-to` for gaps. */
function witness(seen: { text: string; next: number; gapBytes: number }): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: 'witness',
    probeBytes: 1,
    detect: () => 'match',
    createParser: () => ({
      data: ({ offset, bytes }) => {
        expect(offset).toBe(seen.next);
        seen.next += bytes.length;
        seen.text += bytes.toString('latin1');
      },
      gap: ({ offset, length }) => {
        expect(offset).toBe(seen.next);
        expect(length).toBeGreaterThan(0);
        seen.next += length;
        seen.gapBytes += length;
      },
      close: () => {},
    }),
  };
}

interface Piece {
  readonly length: number;
  /** Share of the bytes that were captured, in tenths. */
  readonly captured: number;
  readonly fate: 'arrives' | 'lost' | 'twice' | 'late';
}

const PIECES = fc.array(
  fc.record({
    length: fc.integer({ min: 1, max: 20 }),
    captured: fc.constantFrom(0, 5, 10, 10, 10),
    fate: fc.constantFrom('arrives', 'arrives', 'arrives', 'lost', 'twice', 'late') as fc.Arbitrary<Piece['fate']>,
  }),
  { minLength: 1, maxLength: 30 },
);

/** The events of one direction; a late one arrives after its successor. */
function eventsOf(connection: FakeConnection, pieces: readonly Piece[]): DataEvent[] {
  const events: DataEvent[] = [];
  let delayed: DataEvent | undefined;
  for (const { length, captured, fate } of pieces) {
    const event = connection.cut('ingress', 'x'.repeat(length), Math.ceil((length * captured) / 10), 'copy-failed');
    if (fate === 'arrives' || fate === 'twice') events.push(event);
    if (delayed !== undefined) events.push(delayed);
    delayed = fate === 'late' ? event : undefined;
    if (fate === 'twice') events.push(event);
  }
  if (delayed !== undefined) events.push(delayed);
  return events;
}

it('gives a parser every byte of a direction once, in order, or inside exactly one gap', () => {
  fc.assert(
    fc.property(PIECES, (pieces) => {
      const seen = { text: '', next: 0, gapBytes: 0 };
      const harness = new SocketMapHarness({ protocols: [witness(seen)] });
      const connection = new FakeConnection();
      // What is missing before the detection is counted, but there is no parser yet that could be told.
      harness.play(connection.ingress('x'), ...eventsOf(connection, pieces), connection.close());
      const total = pieces.reduce((sum, piece) => sum + piece.length, 1);
      const { totals } = harness.map;
      expect(harness.count('parser-error:witness')).toBe(0);
      expect(totals.openConnections).toBe(0);
      expect(totals.gapBytes).toBe(seen.gapBytes);
      expect(seen.text.length + seen.gapBytes).toBe(total);
    }),
    { numRuns: 500 },
  );
});

it('counts bytes that were overtaken as late, beside the gap that they had become', () => {
  const harness = new SocketMapHarness();
  const connection = new FakeConnection();
  const [first, second] = [connection.ingress('ASK a\n'), connection.ingress('ASK b\n')];
  harness.play(second, first, connection.egress('SAY b\n'));
  expect(harness.conversations).toEqual(['b → SAY b']);
  expect(harness.map.totals).toMatchObject({ gaps: 1, gapBytes: 6, lateBytes: 6 });
});
