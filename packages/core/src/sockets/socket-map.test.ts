// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { FakeConnection, lostEvent, processEvent } from '../testing/fake-connection.js';
import { SocketMapHarness } from '../testing/socket-map-harness.js';

const MS = 1e6;

describe('connections', () => {
  it('matches each request with its own response on a keep-alive connection', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.connect());
    for (let n = 0; n < 1000; n += 1) {
      harness.play(connection.ingress(`ASK ${n}\n`), connection.egress(`SAY ${n}\n`));
    }
    harness.play(connection.close());
    expect(harness.conversations).toEqual(Array.from({ length: 1000 }, (_, n) => `${n} → SAY ${n}`));
    expect(harness.map.totals).toMatchObject({ connections: 1, openConnections: 0, gaps: 0, unknownConnections: 0 });
  });

  it('keeps concurrent connections apart', () => {
    const harness = new SocketMapHarness();
    const connections = Array.from({ length: 200 }, (_, id) => new FakeConnection({ id }, { fd: id + 5 }));
    for (const [n, connection] of connections.entries()) harness.play(connection.ingress(`ASK ${n}\n`));
    for (const [n, connection] of [...connections.entries()].reverse()) harness.play(connection.egress(`SAY ${n}\n`));
    expect(harness.conversations.toSorted()).toEqual(connections.map((_, n) => `${n} → SAY ${n}`).toSorted());
  });

  it('builds a connection from its first data event when the connect event was lost', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY b\n'));
    expect(harness.exchanges[0]).toMatchObject({
      role: 'server',
      source: { port: 50_000 },
      destination: { port: 8080 },
    });
  });

  it('is not confused by a file descriptor that is reused before the old close arrives', () => {
    const harness = new SocketMapHarness();
    const old = new FakeConnection({ id: 1 });
    const next = new FakeConnection({ id: 2 });
    harness.play(old.connect(), old.ingress('ASK old\n'));
    harness.play(next.connect(), next.ingress('ASK new\n'));
    expect(harness.map.find(100, 7)?.id).toBe(2);
    harness.play(old.egress('SAY old\n'), old.close());
    harness.play(next.egress('SAY new\n'));
    expect(harness.map.find(100, 7)?.id).toBe(2);
    expect(harness.conversations).toEqual(['old → SAY old', 'new → SAY new']);
    harness.play(next.close());
    expect(harness.map.find(100, 7)).toBeUndefined();
  });

  it('finds a connection under every process and descriptor that used it', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection({ id: 9 });
    harness.play(connection.connect());
    connection.socket = { pid: 200, tid: 200, fd: 3, comm: 'child' };
    harness.play(connection.ingress('ASK a\n'));
    expect(harness.map.find(100, 7)?.id).toBe(9);
    expect(harness.map.find(200, 3)?.id).toBe(9);
    harness.play(connection.close());
    expect(harness.map.find(100, 7)).toBeUndefined();
    expect(harness.map.find(200, 3)).toBeUndefined();
  });

  it('counts data that comes after the close and does not open the connection again', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    const late = connection.ingress('ASK a\n');
    harness.play(connection.connect(), connection.close(), late);
    expect(harness.map.totals).toMatchObject({ connections: 1, openConnections: 0, lateBytes: 6 });
    expect(harness.count('late-events')).toBe(1);
  });

  it('gives later flows the addresses that are learnt late, and never forgets one', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    const complete = connection.info;
    const bare = { id: 1, role: 'unknown', transport: 'tcp', joinedLate: false } as const;
    connection.info = bare;
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'));
    connection.info = complete;
    harness.play(connection.connect());
    connection.info = bare;
    harness.play(connection.ingress('ASK b\n'), connection.egress('SAY b\n'));
    expect(harness.exchanges[0]).not.toHaveProperty('source');
    expect(harness.exchanges[1]).toMatchObject({ role: 'server', source: { port: 50_000 } });
  });
});

describe('flows', () => {
  it('name the client as the source in either role, also where only the request tells the role', () => {
    const harness = new SocketMapHarness();
    const local = { address: '::1', port: 40_000 };
    const remote = { address: '::1', port: 443 };
    const connection = new FakeConnection({ role: 'unknown', local, remote });
    harness.play(connection.egress('ASK a\n'), connection.ingress('SAY a\n'));
    expect(harness.exchanges[0]).toMatchObject({ role: 'client', source: local, destination: remote });
  });

  it('carry wall-clock start and monotonic duration', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection({}, {}, 2_000_000);
    harness.play(connection.ingress('ASK a\n'));
    connection.nowNs = 5_500_000;
    harness.play(connection.egress('SAY a\n'));
    expect(harness.exchanges[0]).toMatchObject({ startTimeMs: 1_000_002, durationMs: 3.5, connectionId: 1 });
  });

  it('belong to the child that did the data, not to the parent that accepted', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(processEvent({ pid: 200, comm: 'worker', exe: '/usr/bin/worker', action: 'exec' }));
    harness.play(connection.connect());
    connection.socket = { pid: 200, tid: 200, fd: 7, comm: 'worker' };
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'));
    expect(harness.exchanges[0]?.process).toEqual({ pid: 200, comm: 'worker', exe: '/usr/bin/worker' });
  });

  it('belong to the process that had the request when the connection changes hands before the response', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'));
    connection.socket = { pid: 200, tid: 200, fd: 7, comm: 'other' };
    harness.play(connection.egress('SAY a\n'), connection.ingress('ASK b\n'), connection.egress('SAY b\n'));
    expect(harness.exchanges.map((flow) => flow.process.pid)).toEqual([100, 200]);
  });

  it('keep the executable of a process that has exited already', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(processEvent({ pid: 100, exe: '/usr/bin/server' }), connection.ingress('ASK a\n'));
    harness.play(processEvent({ action: 'exit', pid: 100 }), connection.egress('SAY a\n'));
    expect(harness.exchanges[0]?.process.exe).toBe('/usr/bin/server');
  });
});

describe('gaps', () => {
  it('reports an offset jump, with the ring as its reason once the source said so', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'));
    connection.lose('egress', 10);
    harness.play(lostEvent({ events: 3, bytes: 10 }), connection.egress('\nSAY a\n'));
    expect(harness.exchanges[0]?.gaps).toEqual([{ direction: 'egress', offset: 0, bytes: 10, reason: 'ring-full' }]);
    expect(harness.map.totals).toMatchObject({ gaps: 1, gapBytes: 10, droppedEvents: 3, droppedBytes: 10 });
    expect(harness.count('lost:ring-full')).toBe(3);
  });

  it('reports the tail of an event that was not captured, with the reason of the event', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.cut('egress', 'SAY abcdef', 4, 'call-limit'));
    harness.play(connection.egress('g\nSAY a\n'));
    expect(harness.exchanges[0]?.gaps).toEqual([{ direction: 'egress', offset: 4, bytes: 6, reason: 'call-limit' }]);
  });

  it('takes an event without any captured byte for a gap of its length', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.cut('egress', 'x'.repeat(500), 0, 'zero-copy'));
    harness.play(connection.egress('\nSAY a\n'));
    expect(harness.exchanges[0]?.gaps).toEqual([{ direction: 'egress', offset: 0, bytes: 500, reason: 'zero-copy' }]);
  });

  it('drops bytes that were seen already and counts them', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    const first = connection.ingress('ASK a');
    const second = connection.ingress('b\n');
    harness.play(first, { ...second, offset: 3, length: 4, bytes: Buffer.from(' ab\n') }, first);
    harness.play(connection.egress('SAY a\n'));
    expect(harness.conversations).toEqual(['ab → SAY a']);
    expect(harness.map.totals).toMatchObject({ gaps: 0, lateBytes: 2 + 5 });
  });

  it('turns bytes that are missing at the close into a last gap', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'));
    connection.lose('egress', 25);
    harness.play(connection.close());
    expect(harness.exchanges[0]).toMatchObject({ complete: false, error: { code: 'no-response' } });
    expect(harness.exchanges[0]?.gaps).toEqual([{ direction: 'egress', offset: 0, bytes: 25, reason: 'unknown' }]);
  });

  it('accounts for every byte of a connection of which nothing but the close arrived', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    connection.lose('ingress', 100);
    connection.lose('egress', 50);
    harness.play(connection.close());
    expect(harness.map.totals).toMatchObject({ connections: 1, openConnections: 0, gaps: 2, gapBytes: 150 });
  });
});

describe('limits', () => {
  it('lets the connection go that was idle for longest, and its pending request comes out', () => {
    const harness = new SocketMapHarness({ limits: { maxConnections: 2 } });
    const [a, b, c] = [1, 2, 3].map((id) => new FakeConnection({ id }, { fd: id }));
    if (a === undefined || b === undefined || c === undefined) throw new Error('three connections');
    harness.play(a.ingress('ASK a\n'), b.ingress('ASK b\n'), a.egress('SAY a\n'), c.ingress('ASK c\n'));
    expect(harness.conversations).toEqual(['a → SAY a', 'b → –']);
    expect(harness.exchanges[1]?.error?.message).toBe('unanswered: limit');
    expect(harness.map.totals.openConnections).toBe(2);
    expect(harness.count('connections-evicted')).toBe(1);
  });

  it('takes a connection up again after it was let go, without inventing a gap', () => {
    const harness = new SocketMapHarness({ limits: { maxConnections: 1 } });
    const [a, b] = [new FakeConnection({ id: 1 }), new FakeConnection({ id: 2 })];
    harness.play(a.ingress('ASK 1\n'), a.egress('SAY 1\n'), b.ingress('ASK b\n'));
    harness.play(a.ingress('ASK 2\n'), a.egress('SAY 2\n'), a.close());
    expect(harness.conversations).toEqual(['1 → SAY 1', 'b → –', '2 → SAY 2']);
    expect(harness.map.totals).toMatchObject({ gaps: 0, connections: 2, openConnections: 0 });
  });

  it('does not open a connection again for the close that follows its eviction', () => {
    const harness = new SocketMapHarness({ limits: { maxConnections: 1 } });
    const [a, b] = [new FakeConnection({ id: 1 }), new FakeConnection({ id: 2 })];
    harness.play(a.ingress('ASK 1\n'), b.connect(), a.close());
    expect(harness.map.totals).toMatchObject({ connections: 2, openConnections: 1, gaps: 0 });
  });

  it('lets idle connections go by the time of the events', () => {
    const harness = new SocketMapHarness({ limits: { idleTimeoutMs: 100 } });
    const [idle, busy] = [new FakeConnection({ id: 1 }), new FakeConnection({ id: 2 }, { fd: 8 })];
    harness.play(idle.ingress('ASK a\n'), busy.connect());
    busy.nowNs += 90 * MS;
    harness.play(busy.connect());
    expect(harness.map.totals.openConnections).toBe(2);
    busy.nowNs += 60 * MS;
    harness.play(busy.connect());
    expect(harness.map.totals.openConnections).toBe(1);
    expect(harness.conversations).toEqual(['a → –']);
    expect(harness.count('connections-idle')).toBe(1);
  });
});

describe('AF_UNIX', () => {
  const unix = { transport: 'unix', local: { path: '/run/x' }, remote: { path: '' } } as const;

  it('closes a connection when the last process that used it exits', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection({ id: 1, ...unix });
    harness.play(connection.connect());
    connection.socket = { ...connection.socket, pid: 200 };
    harness.play(connection.ingress('ASK a\n'), processEvent({ action: 'exit', pid: 100 }));
    expect(harness.map.totals.openConnections).toBe(1);
    harness.play(processEvent({ action: 'exit', pid: 200 }));
    expect(harness.map.totals.openConnections).toBe(0);
    expect(harness.conversations).toEqual(['a → –']);
  });

  it('goes on when a child that was not seen before uses the connection after all', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection({ id: 1, ...unix });
    harness.play(connection.connect(), processEvent({ action: 'exit', pid: 100 }));
    connection.socket = { ...connection.socket, pid: 200 };
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'));
    expect(harness.conversations).toEqual(['a → SAY a']);
  });

  it('leaves TCP connections to the kernel, which tells when they end', () => {
    const harness = new SocketMapHarness();
    harness.play(new FakeConnection().connect(), processEvent({ action: 'exit', pid: 100 }));
    expect(harness.map.totals.openConnections).toBe(1);
  });
});

it('closes everything at the end and answers no event after it', () => {
  const harness = new SocketMapHarness();
  const connection = new FakeConnection();
  harness.play(connection.ingress('ASK a\n'));
  harness.map.end();
  expect(harness.exchanges[0]?.error?.message).toBe('unanswered: end');
  harness.play(connection.egress('SAY a\n'));
  expect(harness.map.totals.openConnections).toBe(0);
  expect(harness.count('late-events')).toBe(1);
});
