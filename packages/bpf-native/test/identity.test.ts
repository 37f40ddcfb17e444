// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';
import type { ConnectEvent } from '@flowtap/core';
import { expect, it } from 'vitest';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import type { SentData, SentEvent } from './support/recorder-messages.js';
import { until } from './support/until.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'identity.c');

type Log = Readonly<Record<string, number>>;

function readLog(path: string): Log {
  const lines = readFileSync(path, 'utf8').trim().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, number]) => [name, Number(number)]));
}

interface Captured {
  readonly events: readonly SentEvent[];
  readonly data: readonly SentData[];
  readonly log: Log;
  readonly pid: number;
}

async function play(scene: string): Promise<Captured> {
  const recorder = await Recorder.start(workshop);
  const path = workshop.path(`${scene}.log`);
  const pid = await recorder.run(workshop.program('identity.c'), path, scene);
  const events = await recorder.stop();
  return { events, data: recorder.data, log: readLog(path), pid };
}

const isConnect = (event: SentEvent): event is ConnectEvent => event.type === 'connect';
const text = (data: readonly SentData[]) => data.map(({ bytes }) => bytes).join('');

/** Connections that such an event tells of, once for each event. */
function idsOf(events: readonly SentEvent[], type: 'connect' | 'close'): readonly number[] {
  return events.flatMap((event) => (event.type === type ? [event.connection.id] : []));
}

/** Connection that the server's end has to this port of the client. */
function servedTo(events: readonly SentEvent[], port: number | undefined): number {
  const found = events.filter(isConnect).find(({ connection: { role, remote } }) => {
    return role === 'server' && remote !== undefined && 'port' in remote && remote.port === port;
  });
  if (!found) throw new Error(`no connection was accepted from port ${port}`);
  return found.connection.id;
}

describeCapture('bytes belong to the connection that they passed', () => {
  it.each(['forked', 'passed'])('in another process that got the descriptor: %s', async (scene) => {
    const { events, data, log } = await play(scene);
    const id = servedTo(events, log['port']);
    const served = data.filter(({ connection }) => connection.id === id);
    expect(served.map(({ direction, bytes, pid }) => ({ direction, bytes, pid }))).toEqual([
      { direction: 'ingress', bytes: 'question', pid: log['child'] },
      { direction: 'egress', bytes: 'answer', pid: log['child'] },
    ]);
    expect(events.filter((event) => event.type === 'close' && event.connection.id === id)).toMatchObject([
      { raw: { ingress: 8, egress: 6 } },
    ]);
  });

  it('when the descriptor is replaced while a thread waits in a call on it', async () => {
    const { events, data, log } = await play('replaced');
    const received = (port: number | undefined) =>
      text(
        data.filter(({ connection, direction }) => {
          return direction === 'ingress' && connection.id === servedTo(events, port);
        }),
      );
    expect(received(log['old'])).toBe('beforelate bytes');
    expect(received(log['new'])).toBe('firstthrough the other number');
  });

  it('when descriptors and addresses are used again', async () => {
    const { events, data } = await play('reused');
    const byConnection = new Map<number, SentData[]>();
    for (const event of data) {
      byConnection.set(event.connection.id, [...(byConnection.get(event.connection.id) ?? []), event]);
    }
    const wanted = Array.from({ length: 100 }, (_, i) => `connection ${i} of one hundred`);
    const texts = [...byConnection.values()].map(text);
    expect(texts.toSorted()).toEqual([...wanted, ...wanted].toSorted());
    for (const type of ['connect', 'close'] as const) {
      const ids = idsOf(events, type);
      expect(ids, type).toHaveLength(200);
      expect(new Set(ids)).toEqual(new Set(byConnection.keys()));
    }
  });
});

describeCapture('the end of a connection', () => {
  it('is told for each descriptor of close_range, while the program goes on', async () => {
    const recorder = await Recorder.start(workshop);
    const path = workshop.path('range-closed.log');
    const pid = await recorder.spawn(workshop.program('identity.c'), path, 'range-closed');
    try {
      await until('the descriptors are closed', () => existsSync(path) && readFileSync(path, 'utf8') === 'closed 8\n');
      await recorder.stop();
    } finally {
      process.kill(pid, 'SIGKILL');
    }
    const closes = recorder.events.filter((event) => event.type === 'close');
    expect(closes.map(({ raw }) => raw.ingress + raw.egress)).toEqual(Array.from({ length: 8 }, () => 12));
    expect(new Set(closes.map(({ connection }) => connection.id)).size).toBe(8);
  });

  it('comes after data that had arrived before and is read late', async () => {
    const { events } = await play('read-after-shutdown');
    const client = events.filter(isConnect).find(({ connection }) => connection.role === 'client')?.connection.id;
    const ofClient = events.filter((event) => 'connection' in event && event.connection.id === client);
    expect(ofClient.map((event) => (event.type === 'data' ? event.bytes : event.type))).toEqual([
      'connect',
      'request',
      'late ',
      'response',
      'close',
    ]);
    expect(ofClient.at(-1)).toMatchObject({ raw: { ingress: 13, egress: 7 } });
  });
});

describeCapture('connect() that does not wait', () => {
  it('announces what gets established, also later, and nothing that fails', async () => {
    const { events, data, log } = await play('without-blocking');
    const clients = events.filter(isConnect).filter(({ connection }) => connection.role === 'client');
    const ports = clients.map(({ connection: { remote } }) => (remote && 'port' in remote ? remote.port : 0));
    expect(ports.toSorted()).toEqual([log['open'], log['closed'], log['open']].toSorted());
    const later = clients.find(({ fd }) => fd === log['waiting']);
    expect(later?.connection).toMatchObject({ joinedLate: false, local: { address: '127.0.0.1' } });
    expect(data.map(({ bytes, connection }) => [bytes, connection.id])).toEqual([
      ['established later', later?.connection.id],
    ]);
    const announced = new Set(idsOf(events, 'connect'));
    for (const event of events) if (event.type === 'close') expect(announced).toContain(event.connection.id);
  });

  it('announces what gets established while connect() returns', async () => {
    const { events, data } = await play('answered-at-once');
    const ofClient = events.filter((event) => 'connection' in event && event.connection.role === 'client');
    const announced = idsOf(ofClient, 'connect');
    expect(announced).toHaveLength(4000);
    expect(new Set(announced).size).toBe(4000);
    expect(idsOf(ofClient, 'close').toSorted()).toEqual(announced.toSorted());
    const sent = data.filter(({ direction }) => direction === 'egress');
    expect(sent).toHaveLength(2000);
    for (const { connection } of sent) expect(announced).toContain(connection.id);
  });
});

describeCapture('getsockname()', () => {
  it('on a connection tells its address, and on a listener nothing', async () => {
    const { events, log } = await play('asked-for-name');
    expect(events.filter(({ type }) => type === 'getsockname')).toEqual([
      expect.objectContaining({
        fd: log['fd'],
        connection: expect.objectContaining({ role: 'client', local: { address: '::1', port: log['port'] } }),
      }),
    ]);
  });
});
