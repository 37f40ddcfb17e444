// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import type { SentData } from './support/recorder-messages.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'chatter.c');

/** chatter.c repeats the alphabet in each write of this many bytes. */
const PIECE_BYTES = 16_384;
const TOTAL_BYTES = 1000 * PIECE_BYTES;

function expectedText(offset: number, bytes: number): string {
  let text = '';
  for (let at = offset; at < offset + bytes; at++) text += String.fromCharCode(97 + ((at % PIECE_BYTES) % 26));
  return text;
}

/** Bytes of one direction that no event has, by the jumps of the offsets; what is there must be right. */
function lostBytes(data: readonly SentData[], total: number): number {
  let end = 0;
  let lost = 0;
  for (const { offset, length, bytes } of data) {
    expect(offset).toBeGreaterThanOrEqual(end);
    if (bytes !== expectedText(offset, bytes.length)) throw new Error(`other bytes at ${offset}`);
    lost += offset - end + (length - bytes.length);
    end = offset + length;
  }
  return lost + total - end;
}

describeCapture('every byte is delivered or accounted for', () => {
  it('when the consumer is blocked and the smallest ring overflows', async () => {
    const recorder = await Recorder.start(workshop, { ringBytes: 65_536 });
    await recorder.block(1000);
    await recorder.run(workshop.program('chatter.c'), String(TOTAL_BYTES));
    const counters = await recorder.counters();
    const events = await recorder.stop();

    const closes = events.filter((event) => event.type === 'close');
    expect(closes.map(({ raw }) => [raw.ingress, raw.egress]).toSorted()).toEqual([
      [0, TOTAL_BYTES],
      [TOTAL_BYTES, 0],
    ]);
    let delivered = 0;
    let lost = 0;
    for (const { connection, raw } of closes) {
      const data = recorder.data.filter((event) => event.connection.id === connection.id);
      delivered += data.reduce((sum, { bytes }) => sum + bytes.length, 0);
      lost += lostBytes(data, raw.ingress + raw.egress);
    }
    expect(lost).toBeGreaterThan(0);
    expect(delivered + lost).toBe(2 * TOTAL_BYTES);
    expect(counters).toMatchObject({ 'ring-full-bytes': lost, 'data-sent-bytes': delivered, 'control-lost-events': 0 });
    // The same is told in events, each loss once.
    const told = events.filter((event) => event.type === 'lost');
    expect(told.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(lost);
    expect(new Set(told.map(({ cause }) => cause))).toEqual(new Set(['ring-full']));
    // Control records have room of their own.
    expect(events.filter(({ type }) => type === 'connect')).toHaveLength(2);
  });

  it('when one call moves more than is copied of it', async () => {
    const recorder = await Recorder.start(workshop, { maxCallBytes: 1000 });
    await recorder.run(workshop.program('chatter.c'), String(4 * PIECE_BYTES));
    await recorder.stop();
    const sent = recorder.data.filter(({ direction }) => direction === 'egress');
    expect(lostBytes(sent, 4 * PIECE_BYTES)).toBe(4 * (PIECE_BYTES - 1000));
    expect(new Set(sent.map(({ gapReason }) => gapReason))).toEqual(new Set([undefined, 'call-limit']));
  });
});
