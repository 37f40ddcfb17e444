// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import type { ConnectionInfo } from '@flowtap/core';
import { expect, it } from 'vitest';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import type { SentData, SentEvent } from './support/recorder-messages.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'older-recorder.ts', 'tls.c');

interface Played {
  readonly events: readonly SentEvent[];
  /** Plaintext, in order. */
  readonly plaintext: readonly SentData[];
  /** What the last event of a connection said of it. */
  readonly info: ReadonlyMap<number, ConnectionInfo>;
  readonly counters: Readonly<Record<string, number>>;
  readonly log: string;
}

async function play(scene: string, program?: 'older-recorder.ts'): Promise<Played> {
  const recorder = await Recorder.start(workshop, {}, program);
  const log = workshop.path(`${scene}.log`);
  await recorder.run(workshop.program('tls.c'), log, scene);
  const counters = await recorder.counters();
  const events = await recorder.stop();
  const info = new Map<number, ConnectionInfo>();
  for (const event of events) if ('connection' in event) info.set(event.connection.id, event.connection);
  const plaintext = recorder.data.filter(({ layer }) => layer === 'tls');
  return { events, plaintext, info, counters, log: readFileSync(log, 'utf8') };
}

/** Local and remote port of the event's connection, as its message has them. */
function portsOf({ bytes, direction }: SentData): readonly (number | undefined)[] {
  const [sender, receiver] = bytes.split(' ').map(Number);
  return direction === 'egress' ? [sender, receiver] : [receiver, sender];
}

function knownPorts(info: ConnectionInfo | undefined): readonly (number | undefined)[] {
  return [info?.local, info?.remote].map((end) => (end !== undefined && 'port' in end ? end.port : undefined));
}

const beginsMessage = ({ bytes }: SentData) => /^\d+ \d+ /.test(bytes);
const bytesOf = (data: readonly SentData[]) => data.reduce((sum, { length }) => sum + length, 0);

function expectRightSockets({ plaintext, info }: Played, messages: number): void {
  const heads = plaintext.filter(beginsMessage);
  expect(heads).toHaveLength(2 * messages);
  for (const event of heads) expect(knownPorts(info.get(event.connection.id))).toEqual(portsOf(event));
}

describeCapture('the socket of a TLS session', () => {
  it.each([
    ['the program names it', 'set-fd', 'set-fd'],
    ['the library uses it inside its calls', 'socket-bio', 'nested-call'],
    ['the program reads it and feeds the library from memory', 'memory', 'last-read'],
  ])('is known when %s, and it says so', async (_, scene, fdSource) => {
    const played = await play(scene);
    expectRightSockets(played, 4);
    expect(bytesOf(played.plaintext)).toBe(2 * 2 * (100 + 5000));
    // What is written before anything was read in memory mode comes before the socket is known.
    const [, ...later] = played.plaintext;
    expect(new Set(later.map(({ connection }) => connection.fdSource))).toEqual(new Set([fdSource]));
  });

  it('is known where entry and return of a call are seen by two programs', async () => {
    const played = await play('socket-bio', 'older-recorder.ts');
    expectRightSockets(played, 4);
    expect(bytesOf(played.plaintext)).toBe(2 * 2 * (100 + 5000));
  });

  it('is right for many sessions in memory that take turns', async () => {
    const played = await play('interleaved');
    expectRightSockets(played, 8 * 4);
    expect(played.counters).toMatchObject({ 'tls-revoked-events': 0 });
  });

  it('is the one that carries its records where the program names another', async () => {
    const played = await play('contradicted');
    expectRightSockets(played, 2);
    expect(new Set(played.plaintext.map(({ connection }) => connection.fdSource))).toEqual(new Set(['nested-call']));
  });

  it('is not the one that a callback of the library writes to', async () => {
    const played = await play('called-back');
    expectRightSockets(played, 2 + 1 + 2);
    expect(new Set(played.plaintext.slice(1).map(({ connection }) => connection.fdSource))).not.toContain(
      'nested-call',
    );
  });

  it('is forgotten with the session and with the socket, when both addresses are used again', async () => {
    const played = await play('reused');
    expectRightSockets(played, 20 * 4);
    const freed = played.log.match(/0x[0-9a-f]+/g) ?? [];
    expect(freed).toHaveLength(40);
    expect(new Set(freed).size).toBeLessThan(20);
  });

  it('is given up when it gave less than the session did, and the plaintext goes on', async () => {
    const { plaintext, events, counters, log } = await play('impossible');
    const received = plaintext.filter(({ direction }) => direction === 'ingress');
    expect(bytesOf(received)).toBe(40_000);
    expect(new Set(received.map(({ connection }) => connection.fdSource))).toEqual(new Set(['unknown']));
    for (const { connection } of received) expect(connection).not.toHaveProperty('local');
    expect(new Set(received.map(({ connection }) => connection.id)).size).toBe(1);
    expect(counters['tls-revoked-events']).toBe(1);
    const decoy = Number(/decoy (\d+)/.exec(log)?.[1]);
    const closed = events.filter((event) => event.type === 'close');
    const decoyEnd = closed.find(({ connection }) => knownPorts(connection)[0] === decoy);
    expect(decoyEnd?.tls).toEqual({ ingress: 0, egress: 0 });
  });
});

describeCapture('SSL_peek', () => {
  it('is not data', async () => {
    const { plaintext } = await play('peeked');
    expect(plaintext.map(({ direction, length }) => [direction, length])).toEqual([
      ['egress', 100],
      ['ingress', 100],
    ]);
  });
});
