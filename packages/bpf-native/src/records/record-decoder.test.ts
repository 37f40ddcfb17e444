// SPDX-License-Identifier: Apache-2.0
import type { CloseEvent, ConnectEvent, DataEvent, GetsocknameEvent } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { closeRecord, connectRecord, dataRecord, mapRecord, processRecord } from '../../test/support/record-builder.js';
import { type MapRecord, type ProcessRecord, RecordDecoder } from './record-decoder.js';
import { HeaderFlag, RecordType } from './record-layout.js';

type Decoded = ConnectEvent | GetsocknameEvent | DataEvent | CloseEvent;

class Collector {
  readonly events: Decoded[] = [];
  readonly processes: ProcessRecord[] = [];
  readonly maps: MapRecord[] = [];
  readonly reasons: string[] = [];
  steps = 0;
  readonly decoder = new RecordDecoder({
    connect: (event) => this.events.push(event),
    getsockname: (event) => this.events.push(event),
    // The bytes are borrowed: kept here beyond the call, so copied.
    data: (event) => this.events.push({ ...event, bytes: Buffer.from(event.bytes) }),
    close: (event) => this.events.push(event),
    process: (record) => this.processes.push(record),
    map: (record) => this.maps.push(record),
    step: () => {
      this.steps++;
    },
    invalid: (reason) => this.reasons.push(reason),
  });

  decode(...records: readonly Buffer[]): this {
    this.decoder.decode(Buffer.concat(records));
    return this;
  }
}

const decode = (...records: readonly Buffer[]) => new Collector().decode(...records);

const IPV4 = { family: 1, role: 1, local: [127, 0, 0, 1], remote: [10, 1, 2, 3], localPort: 40_000, remotePort: 443 };
const PATH = Buffer.from('/run/x.sock');

describe('a record of each type becomes its event', () => {
  it('connect', () => {
    expect(decode(connectRecord({ ...IPV4, timestampNs: 2 ** 50 + 1, connectionId: 2 ** 40 })).events).toEqual([
      {
        type: 'connect',
        timestampNs: 2 ** 50 + 1,
        pid: 100,
        tid: 101,
        fd: 7,
        comm: 'worker',
        connection: {
          id: 2 ** 40,
          role: 'client',
          transport: 'tcp',
          joinedLate: false,
          local: { address: '127.0.0.1', port: 40_000 },
          remote: { address: '10.1.2.3', port: 443 },
        },
      },
    ]);
  });

  it('getsockname', () => {
    const [event] = decode(connectRecord({ ...IPV4, type: RecordType.getsockname, role: 2, fd: -1 })).events;
    expect(event).toMatchObject({ type: 'getsockname', fd: -1, connection: { role: 'server' } });
  });

  it('data, with the bytes that were captured and not the padding', () => {
    const payload = Buffer.from('GET / HTTP/1.1\r\n\0\0');
    const [event] = decode(dataRecord({ ...IPV4, payload, offset: 2 ** 33, direction: 1 })).events;
    expect(event).toMatchObject({
      type: 'data',
      direction: 'egress',
      layer: 'raw',
      encrypted: false,
      offset: 2 ** 33,
      length: payload.length,
      bytes: payload,
    });
    expect(event).not.toHaveProperty('gapReason');
  });

  it.each([
    [1, 'copy-failed'],
    [2, 'call-limit'],
    [3, 'zero-copy'],
    [4, 'discarded'],
  ])('data that lacks bytes, reason %i', (gap, gapReason) => {
    const [event] = decode(dataRecord({ ...IPV4, gap, length: 4_294_967_295 })).events;
    expect(event).toMatchObject({ gapReason, length: 4_294_967_295, bytes: Buffer.alloc(0) });
  });

  it('data of a TLS library, and raw bytes that are TLS records', () => {
    const { events } = decode(
      dataRecord({ ...IPV4, layer: 1, payload: Buffer.from('plain') }),
      dataRecord({ ...IPV4, flags: HeaderFlag.encrypted, payload: Buffer.from([22, 3, 1]) }),
    );
    expect(events).toMatchObject([
      { layer: 'tls', encrypted: false },
      { layer: 'raw', encrypted: true },
    ]);
  });

  it('tells what named the socket of plaintext, from the first plaintext on', () => {
    const records = [
      connectRecord(IPV4),
      dataRecord({ ...IPV4, layer: 0, fdSource: 2 }),
      dataRecord({ ...IPV4, layer: 1, fdSource: 0 }),
      dataRecord({ ...IPV4, layer: 1, fdSource: 3 }),
      connectRecord(IPV4),
      dataRecord({ ...IPV4, layer: 1, fdSource: 200 }),
    ];
    expect(decode(...records).events.map(({ connection }) => connection.fdSource)).toEqual([
      undefined,
      undefined,
      'unknown',
      'last-read',
      undefined,
      'unknown',
    ]);
  });

  it('close', () => {
    const [event] = decode(closeRecord({ totals: [1, 2 ** 40, 3, 4] })).events;
    expect(event).toMatchObject({
      type: 'close',
      raw: { ingress: 1, egress: 2 ** 40 },
      tls: { ingress: 3, egress: 4 },
    });
  });

  it('process', () => {
    const { processes } = decode(
      processRecord({ action: 1, stopped: 1, filename: '/usr/bin/größe', comm: 'größe' }),
      processRecord({ action: 2, filename: '' }),
      processRecord({ filename: 'x'.repeat(255) }),
    );
    expect(processes).toMatchObject([
      { action: 'exec', stopped: true, filename: '/usr/bin/größe', target: 1 },
      { action: 'exit', stopped: false, filename: '' },
      { filename: 'x'.repeat(255) },
    ]);
  });

  it('map', () => {
    expect(decode(mapRecord({ start: 0x7fff_ffff_f000n, inode: 2n ** 63n })).maps).toEqual([
      { pid: 100, start: 0x7fff_ffff_f000n, inode: 2n ** 63n, deviceMajor: 254, deviceMinor: 3, target: 1 },
    ]);
  });
});

describe('addresses', () => {
  const connectionOf = (bytes: Buffer) => decode(bytes).events[0]?.connection;
  const v6 = (...tail: readonly number[]) => [...Array.from({ length: 16 - tail.length }, () => 0), ...tail];

  it('are folded from v4-mapped IPv6 to IPv4, and kept otherwise', () => {
    expect(
      connectionOf(connectRecord({ family: 2, local: v6(0xff, 0xff, 192, 0, 2, 1), remote: v6(1), remotePort: 80 })),
    ).toMatchObject({
      transport: 'tcp',
      local: { address: '192.0.2.1', port: 0 },
      remote: { address: '::1', port: 80 },
    });
  });

  it.each([
    ['a path that ends at its NUL', Buffer.concat([PATH, Buffer.from('\0rest')]), '/run/x.sock'],
    ['a path that fills the whole member', Buffer.from('p'.repeat(108)), 'p'.repeat(108)],
    ['an abstract name', Buffer.from('\0name'), '@name'],
    ['an abstract name with a NUL inside', Buffer.from('\0na\0me'), '@na\0me'],
    ['no name', Buffer.alloc(0), ''],
  ])('of AF_UNIX: %s', (_, localPath, path) => {
    expect(connectionOf(connectRecord({ family: 3, localPath, remotePath: PATH }))).toMatchObject({
      transport: 'unix',
      local: { path },
      remote: { path: '/run/x.sock' },
    });
  });

  it('of AF_UNIX are remembered for data, whose records have none, until a close', () => {
    const data = dataRecord({ family: 3, payload: Buffer.from('x') });
    const { events } = decode(connectRecord({ family: 3, remotePath: PATH }), data, closeRecord({ family: 3 }), data);
    expect(events.map(({ connection }) => connection.remote)).toEqual([
      { path: '/run/x.sock' },
      { path: '/run/x.sock' },
      { path: '/run/x.sock' },
      undefined,
    ]);
  });

  it('are taken from a data record when the connect record was lost', () => {
    const { events } = decode(dataRecord({ ...IPV4, flags: HeaderFlag.joinedLate }), closeRecord({ ...IPV4 }));
    for (const { connection } of events) {
      expect(connection).toMatchObject({ joinedLate: true, remote: { address: '10.1.2.3', port: 443 } });
    }
  });

  it('are absent where the family is not known', () => {
    const connection = connectionOf(dataRecord({ family: 0 }));
    expect(connection).toMatchObject({ transport: 'unknown', role: 'unknown' });
    expect(connection).not.toHaveProperty('local');
    expect(connection).not.toHaveProperty('remote');
  });
});

describe('what is kept of a connection', () => {
  const comms = (collector: Collector) => collector.events.map(({ comm }) => comm);

  it('gives the name of the thread that did it, also when two threads take turns', () => {
    const a = dataRecord({ tid: 1, comm: 'a' });
    const b = dataRecord({ tid: 2, comm: 'b' });
    expect(comms(decode(a, b, a, b, b))).toEqual(['a', 'b', 'a', 'b', 'b']);
  });

  it('gives the new name of a process that replaced itself', () => {
    const data = (comm: string) => dataRecord({ tid: 1, comm });
    expect(comms(decode(data('bash'), processRecord({ action: 1 }), data('curl')))).toEqual(['bash', 'curl']);
  });

  it('is one object for all events of the connection', () => {
    const { events } = decode(connectRecord(IPV4), dataRecord(IPV4), dataRecord(IPV4));
    expect(events[1]?.connection).toBe(events[0]?.connection);
    expect(events[2]?.connection).toBe(events[0]?.connection);
  });

  it('is bounded when close records are lost: the oldest is forgotten', () => {
    const collector = decode(connectRecord({ family: 3, connectionId: 1, remotePath: PATH }));
    const many = Array.from({ length: 65_536 }, (_, i) => dataRecord({ family: 3, connectionId: i + 2 }));
    collector.decode(...many, dataRecord({ family: 3, connectionId: 1 }));
    // Its path was learnt from the connect record and is gone with it.
    expect(collector.events.at(-1)?.connection).not.toHaveProperty('remote');
  });
});

describe('a batch that is not as agreed', () => {
  const data = dataRecord({ ...IPV4, payload: Buffer.from('12345678') });

  it('is reported and skipped from a record of another version on', () => {
    const { events, reasons } = decode(data, dataRecord({ version: 2 }), data);
    expect(events).toHaveLength(1);
    expect(reasons).toEqual([expect.stringContaining('version 2')]);
  });

  it('reports a type that it does not know, and goes on with the next record', () => {
    const { events, reasons } = decode(dataRecord({ type: 99 }), data);
    expect(reasons).toEqual(['record of type 99']);
    expect(events).toHaveLength(1);
  });

  it.each([0, 8, 55, 119, 1000, 0xffff_ffff])('reports a record that claims %i bytes', (size) => {
    const bad = Buffer.from(data);
    bad.writeUInt32LE(size);
    const { events, reasons } = decode(data, bad);
    expect(events).toHaveLength(1);
    expect(reasons).toHaveLength(1);
  });

  it('is reported once, cut anywhere, and never read beyond its end', () => {
    const records = [data, processRecord(), closeRecord(), mapRecord({ start: 1n, inode: 1n })];
    const batch = Buffer.concat(records);
    const ends = new Set(records.map((_, i) => Buffer.concat(records.slice(0, i)).length)).add(batch.length);
    for (let bytes = 0; bytes <= batch.length; bytes++) {
      const { reasons } = decode(batch.subarray(0, bytes));
      expect(reasons.length, `cut at ${bytes}`).toBe(ends.has(bytes) ? 0 : 1);
    }
  });

  it('is read where it begins in a larger buffer', () => {
    const collector = new Collector();
    collector.decoder.decode(Buffer.concat([Buffer.alloc(13), data]).subarray(13));
    expect(collector.events).toMatchObject([{ bytes: Buffer.from('12345678') }]);
  });
});

it('steps between records after every 16 KiB', () => {
  const collector = new Collector();
  const kibibyte = Array.from({ length: 40 }, () => dataRecord({ payload: Buffer.alloc(1024) }));
  expect(collector.decode(...kibibyte).steps).toBe(2);
  expect(collector.events).toHaveLength(40);
});

it('goes on with the next record when a handler throws, and does not hide the exception', async () => {
  const thrown: unknown[] = [];
  const seen: number[] = [];
  const listeners = process.listeners('uncaughtException');
  process.removeAllListeners('uncaughtException');
  process.on('uncaughtException', (error) => thrown.push(error));
  try {
    const ignore = () => undefined;
    const decoder = new RecordDecoder({
      connect: ignore,
      getsockname: ignore,
      close: ignore,
      process: ignore,
      map: ignore,
      step: ignore,
      invalid: ignore,
      data: ({ offset }) => {
        seen.push(offset);
        if (offset < 2) throw new Error(`at ${offset}`);
      },
    });
    decoder.decode(Buffer.concat([0, 1, 2, 3].map((offset) => dataRecord({ offset }))));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('uncaughtException');
    for (const listener of listeners) process.on('uncaughtException', listener);
  }
  expect(seen).toEqual([0, 1, 2, 3]);
  expect(thrown).toEqual([new Error('at 0'), new Error('at 1')]);
});
