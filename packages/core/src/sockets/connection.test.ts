// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { ProtocolPlugin } from '../parsing/protocol-plugin.js';
import { chunkings } from '../testing/chunkings.js';
import { clientHelloBytes } from '../testing/client-hello-bytes.js';
import { FakeConnection, processEvent } from '../testing/fake-connection.js';
import { lineProtocol } from '../testing/line-protocol.js';
import { SocketMapHarness } from '../testing/socket-map-harness.js';

const HELLO = clientHelloBytes({ serverName: 'example.com', alpn: ['h2'] });

describe('the TLS start', () => {
  it('keeps the plain exchange before it and reads the plaintext after it, as after a CONNECT', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK tunnel\n'), connection.egress('SAY become\n'));
    harness.play(connection.encrypted('ingress', HELLO), connection.encrypted('egress', 'x'.repeat(100)));
    harness.play(connection.ingress('ASK a\n', 'tls'), connection.encrypted('egress', 'x'.repeat(60)));
    harness.play(connection.egress('SAY a\n', 'tls'), connection.close());
    expect(harness.conversations).toEqual(['tunnel → SAY become', 'a → SAY a']);
    expect(harness.exchanges.map((flow) => flow.tls)).toEqual([false, true]);
    expect(harness.opaque).toEqual([]);
    expect(harness.map.totals).toMatchObject({ gaps: 0, unknownConnections: 0 });
  });

  it('is no beginning where plaintext may have passed before: a parser is told that it joins late', () => {
    const late: boolean[] = [];
    const protocol = lineProtocol();
    const harness = new SocketMapHarness({
      protocols: [
        {
          ...protocol,
          createParser: (context) => {
            late.push(context.joinedLate);
            return protocol.createParser(context);
          },
        },
      ],
    });
    for (const [id, joinedLate] of [
      [1, {}],
      [2, { joinedLate: true }],
    ] as const) {
      const connection = new FakeConnection({ id });
      harness.play(connection.encrypted('ingress', HELLO), { ...connection.ingress('ASK a\n', 'tls'), ...joinedLate });
    }
    expect(late).toEqual([false, true]);
  });

  it('turns out to be the beginning when the socket becomes known, unless its library was observed late', () => {
    for (const [observed, expected] of [
      [{}, [true, false]],
      [{ joinedLate: true }, [true, true]],
    ] as const) {
      const late: boolean[] = [];
      const protocol = lineProtocol();
      const createParser: ProtocolPlugin['createParser'] = (context) => {
        const parser = protocol.createParser(context);
        return {
          data: (chunk) => {
            late.push(context.joinedLate);
            parser.data(chunk);
          },
          gap: (gap) => parser.gap(gap),
          close: (reason, timestampNs) => parser.close(reason, timestampNs),
        };
      };
      const harness = new SocketMapHarness({ protocols: [{ ...protocol, createParser }] });
      const plaintext = new FakeConnection({ id: 2 }, { fd: -1 });
      const { info } = plaintext;
      plaintext.info = { id: 2, role: 'unknown', transport: 'unknown', joinedLate: true };
      harness.play({ ...plaintext.ingress('ASK a\n', 'tls'), ...observed });
      plaintext.info = info;
      harness.play(plaintext.connect(), plaintext.egress('SAY a\n', 'tls'));
      expect(late).toEqual(expected);
    }
  });

  it('lets the plain parser finish what is under way', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.encrypted('ingress', HELLO));
    expect(harness.exchanges[0]?.error?.message).toBe('unanswered: tls-start');
  });

  it('is also the first plaintext event when no encrypted one arrived', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK raw'), connection.ingress('ASK a\n', 'tls'));
    harness.play(connection.ingress('must not be parsed\n'), connection.egress('SAY a\n', 'tls'), connection.close());
    expect(harness.conversations).toEqual(['a → SAY a']);
  });

  it('throws ciphertext away that was kept for detection', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('AS'), connection.encrypted('ingress', HELLO), connection.close());
    expect(harness.exchanges).toEqual([]);
    expect(harness.count('probe-bytes-discarded')).toBe(2);
  });

  it('takes back that the connection was unknown', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('STARTTLS?\n'));
    expect(harness.map.totals.unknownConnections).toBe(1);
    harness.play(connection.encrypted('ingress', HELLO));
    expect(harness.map.totals.unknownConnections).toBe(0);
  });

  it('makes the raw bytes that are not sent after it no gap', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.encrypted('ingress', HELLO));
    connection.lose('ingress', 5000);
    harness.play(connection.ingress('ASK a\n', 'tls'));
    connection.lose('egress', 7000);
    harness.play(connection.egress('SAY a\n', 'tls'), connection.close());
    expect(harness.map.totals).toMatchObject({ gaps: 0, gapBytes: 0 });
  });

  it('leaves plaintext of which no event arrived as a gap, not as an opaque connection', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.encrypted('ingress', HELLO));
    connection.lose('ingress', 300, 'tls');
    connection.lose('egress', 200, 'tls');
    harness.play(connection.close());
    expect(harness.flows).toEqual([]);
    expect(harness.map.totals).toMatchObject({ gaps: 2, gapBytes: 500, opaqueConnections: 0 });
  });

  it('tells what named its socket, also when that was learnt after the addresses', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.connect(), connection.ingress('ASK a\n', 'tls'));
    connection.info = { ...connection.info, fdSource: 'last-read' };
    harness.play(connection.egress('SAY a\n', 'tls'), connection.ingress('ASK b\n', 'tls'));
    const { fdSource: _, ...announcedAgain } = connection.info;
    connection.info = announcedAgain;
    harness.play(connection.connect(), connection.egress('SAY b\n', 'tls'), connection.close());
    expect(harness.exchanges.map(({ fdSource }) => fdSource)).toEqual(['last-read', 'last-read']);
    const plain = new FakeConnection();
    const other = new SocketMapHarness().play(plain.ingress('ASK a\n'), plain.egress('SAY a\n'));
    expect(other.exchanges[0]).not.toHaveProperty('fdSource');
  });

  it('gives the plaintext its start when a connection that was joined late shows its ClientHello', () => {
    const seen: boolean[] = [];
    const protocol = lineProtocol();
    const spy = {
      ...protocol,
      detect: (probe: Parameters<typeof protocol.detect>[0]) => {
        seen.push(probe.joinedLate);
        return protocol.detect(probe);
      },
    };
    for (const hello of [[HELLO], []]) {
      const harness = new SocketMapHarness({ protocols: [spy] });
      const connection = new FakeConnection({ joinedLate: true });
      for (const bytes of hello) harness.play(connection.encrypted('ingress', bytes));
      harness.play(connection.ingress('ASK a\n', 'tls'));
    }
    expect(seen).toEqual([false, true]);
  });
});

describe('an encrypted connection without plaintext', () => {
  it('is no opaque flow when its plaintext came under another id, which ends with it', () => {
    const harness = new SocketMapHarness();
    const socket = new FakeConnection({ id: 1 });
    const plaintext = new FakeConnection({ id: 2 }, { fd: -1 });
    harness.play(plaintext.egress('ASK a\n', 'tls'), socket.encrypted('egress', 'x'.repeat(60)));
    harness.play({ ...socket.close(), plaintextConnectionId: plaintext.info.id });
    expect(harness.opaque).toEqual([]);
    expect(harness.exchanges[0]?.error?.message).toBe('unanswered: closed');
    expect(harness.map.totals.openConnections).toBe(0);
  });

  it('is no opaque flow at the end of the capture when another id has got its plaintext and then its addresses', () => {
    const harness = new SocketMapHarness();
    const socket = new FakeConnection({ id: 1, joinedLate: true });
    const other = new FakeConnection({ id: 3, remote: { address: '127.0.0.1', port: 50_001 } }, { fd: 8 });
    const plaintext = new FakeConnection({ id: 2 }, { fd: -1 });
    const { info } = plaintext;
    plaintext.info = { id: 2, role: 'unknown', transport: 'unknown', joinedLate: true };
    harness.play(plaintext.ingress('ASK a\n', 'tls'), socket.encrypted('ingress', 'x'.repeat(60)));
    harness.play(other.encrypted('ingress', 'x'.repeat(60)));
    plaintext.info = info;
    plaintext.socket = socket.socket;
    harness.play(plaintext.connect(), plaintext.egress('SAY a\n', 'tls'));
    harness.map.end();
    expect(harness.conversations).toEqual(['a → SAY a']);
    expect(harness.opaque.map(({ source }) => source)).toEqual([other.info.remote]);
  });

  it('becomes an opaque flow with name, protocols, true byte counts and the reason', () => {
    const harness = new SocketMapHarness();
    const local = { address: '10.0.0.1', port: 40_000 };
    const remote = { address: '10.0.0.2', port: 443 };
    const connection = new FakeConnection({ role: 'client', local, remote }, { comm: 'wget' });
    harness.play(processEvent({ pid: 100, comm: 'wget', exe: '/usr/bin/wget' }), connection.connect());
    harness.play(connection.encrypted('egress', HELLO), connection.encrypted('ingress', 'y'.repeat(1000)));
    connection.lose('ingress', 100_000);
    harness.play(connection.close());
    expect(harness.opaque).toHaveLength(1);
    expect(harness.opaque[0]).toMatchObject({
      kind: 'opaque',
      protocol: 'tls',
      tls: true,
      role: 'client',
      source: local,
      destination: remote,
      sni: 'example.com',
      alpn: ['h2'],
      bytes: { ingress: 101_000, egress: HELLO.length },
      process: { pid: 100, comm: 'wget', exe: '/usr/bin/wget' },
      reason: { code: 'no-tls-probe' },
    });
    expect(harness.map.totals).toMatchObject({ opaqueConnections: 1, gaps: 0, unknownConnections: 0 });
  });

  it('has the reason that is known of its process, also after the process has ended', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    const tlsBlindSpot = { code: 'jsse', message: 'Java' };
    harness.play(connection.encrypted('ingress', HELLO), processEvent({ tlsBlindSpot }));
    harness.play(processEvent({ action: 'exit' }), connection.close());
    expect(harness.opaque[0]?.reason).toEqual(tlsBlindSpot);
    const other = new FakeConnection({ id: 2 });
    harness.play(processEvent({ action: 'exec' }), other.encrypted('ingress', HELLO), other.close());
    expect(harness.opaque[1]?.reason.code).toBe('no-tls-probe');
  });

  it('has true byte counts also when it is still open at the end of the capture', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.connect(), connection.encrypted('ingress', HELLO));
    harness.play({ ...connection.connect(), raw: { ingress: 100_000, egress: 7 } });
    harness.map.end();
    expect(harness.opaque[0]?.bytes).toEqual({ ingress: 100_000, egress: 7 });
  });

  it('is reported at the end of the capture as well', () => {
    const harness = new SocketMapHarness();
    harness.play(new FakeConnection().encrypted('ingress', HELLO));
    harness.map.end();
    expect(harness.opaque[0]).toMatchObject({ sni: 'example.com', bytes: { ingress: HELLO.length, egress: 0 } });
  });

  it('finds the ClientHello however it is cut', () => {
    for (const { name, pieces } of chunkings(HELLO)) {
      const harness = new SocketMapHarness();
      const connection = new FakeConnection();
      for (const piece of pieces) {
        const event = connection.encrypted('ingress', Buffer.from(piece));
        harness.play(event);
        event.bytes.fill(0);
      }
      harness.play(connection.close());
      expect(harness.opaque[0]?.sni, name).toBe('example.com');
    }
  });

  it('takes its role from the direction of the ClientHello when the socket does not tell it', () => {
    for (const [direction, role, port] of [
      ['egress', 'client', 8080],
      ['ingress', 'server', 50_000],
    ] as const) {
      const harness = new SocketMapHarness();
      const connection = new FakeConnection({ role: 'unknown' });
      harness.play(connection.encrypted(direction, HELLO), connection.close());
      expect(harness.opaque[0]).toMatchObject({ role, source: { port } });
    }
  });

  it('shows both ends and guesses no source when neither socket nor ClientHello tells the role', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection({ role: 'unknown', joinedLate: true });
    harness.play(connection.encrypted('ingress', Buffer.from([23, 3, 3, 0, 50, 1, 2, 3])), connection.close());
    expect(harness.opaque[0]).toMatchObject({ role: 'unknown', local: { port: 8080 }, remote: { port: 50_000 } });
    expect(harness.opaque[0]).not.toHaveProperty('source');
    expect(harness.opaque[0]).not.toHaveProperty('sni');
  });

  it('gives up on a handshake with a hole, and on one that never ends', () => {
    const holed = new SocketMapHarness();
    const connection = new FakeConnection();
    holed.play(connection.encrypted('ingress', HELLO.subarray(0, 20)));
    connection.lose('ingress', 10);
    holed.play(connection.encrypted('ingress', HELLO.subarray(30)), connection.close());
    expect(holed.opaque[0]).not.toHaveProperty('sni');

    const endless = new SocketMapHarness();
    const other = new FakeConnection();
    const record = Buffer.concat([Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff]), Buffer.alloc(16_380)]);
    for (let n = 0; n < 4; n += 1) endless.play(other.encrypted('ingress', record));
    endless.play(other.close());
    expect(endless.opaque[0]).not.toHaveProperty('sni');
  });
});
