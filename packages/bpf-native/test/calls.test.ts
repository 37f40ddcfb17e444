// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import type { SentData, SentEvent } from './support/recorder-messages.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'calls.c');

type Streams = Record<string, string>;

/** What the program says that it moved: by descriptor and direction. */
function logged(path: string): Streams {
  const streams: Streams = {};
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const [, fd, direction, text] = /^(\d+) (in|out) (.*)$/.exec(line) ?? [];
    if (fd) streams[`${fd} ${direction}`] = `${streams[`${fd} ${direction}`] ?? ''}${text}`;
  }
  return streams;
}

/** The same from the events; an offset that is not where the last event ended shows in the text. */
function captured(data: readonly SentData[]): Streams {
  const streams: Streams = {};
  const ends = new Map<string, number>();
  for (const { fd, direction, offset, length, bytes, gapReason } of data) {
    const key = `${fd} ${direction === 'ingress' ? 'in' : 'out'}`;
    const jump = offset === (ends.get(key) ?? 0) ? '' : `[jump to ${offset}]`;
    const gap = length > bytes.length ? `[${gapReason} ${length - bytes.length}]` : '';
    streams[key] = `${streams[key] ?? ''}${jump}${bytes}${gap}`;
    ends.set(key, offset + length);
  }
  return streams;
}

/** Bytes that a stream stands for. */
function bytesIn(text: string): number {
  const gaps = [...text.matchAll(/\[[\w-]+ (\d+)\]/g)];
  return gaps.reduce((sum, [gap, bytes]) => sum - gap.length + Number(bytes), text.length);
}

function expectTotals(events: readonly SentEvent[], streams: Streams): void {
  const closes = events.filter((event) => event.type === 'close');
  expect(closes).toHaveLength(2);
  for (const { fd, raw } of closes) {
    expect(raw).toEqual({
      ingress: bytesIn(streams[`${fd} in`] ?? ''),
      egress: bytesIn(streams[`${fd} out`] ?? ''),
    });
  }
}

describeCapture('every call that moves bytes gives its bytes, in order, once', () => {
  it.each([
    { kind: 'ipv4', local: { address: '127.0.0.1' } },
    { kind: 'ipv6', local: { address: '::1' } },
    { kind: 'v4-mapped', local: { address: '127.0.0.1' } },
    { kind: 'socketpair', local: { path: '' } },
    { kind: `@flowtap-test-${process.pid}`, local: { path: '' } },
    { kind: `/tmp/flowtap-test-${process.pid}.sock`, local: { path: '' } },
  ])('on $kind', async ({ kind, local }) => {
    const recorder = await Recorder.start(workshop);
    const log = workshop.path('calls.log');
    await recorder.run(workshop.program('calls.c'), log, kind);
    const events = await recorder.stop();
    const streams = logged(log);

    expect(Object.keys(streams)).toHaveLength(4);
    expect(captured(recorder.data)).toEqual(streams);
    expectTotals(events, streams);
    expect(events.filter(({ type }) => type === 'lost')).toEqual([]);
    // Both ends are this program's: one connection for each, whose peer is the other.
    expect(new Set(recorder.data.map(({ connection }) => connection.id)).size).toBe(2);
    const connects = events.filter((event) => event.type === 'connect');
    if (kind === 'socketpair') return; // nobody connected: known from its first bytes on
    expect(connects.map(({ connection }) => connection.role).sort()).toEqual(['client', 'server']);
    const client = connects.find(({ connection }) => connection.role === 'client')?.connection;
    const server = connects.find(({ connection }) => connection.role === 'server')?.connection;
    expect(client?.local).toMatchObject(local);
    expect(client?.remote).toEqual(server?.local);
    expect(server?.remote).toEqual(client?.local);
    if (client?.transport === 'unix') expect(client.remote).toEqual({ path: kind });
  });
});
