// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { captured, expectTotals, logged } from './support/call-log.js';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'calls.c');

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
