// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { chunkings } from '../testing/chunkings.js';
import { FakeConnection } from '../testing/fake-connection.js';
import { lineProtocol } from '../testing/line-protocol.js';
import { SocketMapHarness } from '../testing/socket-map-harness.js';
import type { Detection, Probe, ProtocolPlugin } from './protocol-plugin.js';

/** The line protocol, detected by a function of the test. */
function detectedBy(name: string, detect: (probe: Probe) => Detection, probeBytes = 64): ProtocolPlugin {
  return { ...lineProtocol({ name }), probeBytes, detect };
}

describe('detection', () => {
  it('gives the parser every byte, in order, however the first ones were cut', () => {
    for (const { name, pieces } of chunkings(Buffer.from('ASK one\nASK two\n'))) {
      const harness = new SocketMapHarness();
      const connection = new FakeConnection();
      for (const piece of pieces) harness.play(connection.ingress(Buffer.from(piece)));
      harness.play(connection.egress('SAY 1\nSAY 2\n'));
      expect(harness.conversations, name).toEqual(['one → SAY 1', 'two → SAY 2']);
    }
  });

  it('copies what it keeps: the bytes of an event are only borrowed', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    for (const part of ['AS', 'K a\n']) {
      const event = connection.ingress(part);
      harness.play(event);
      event.bytes.fill(0);
    }
    harness.play(connection.egress('SAY a\n'));
    expect(harness.conversations).toEqual(['a → SAY a']);
  });

  it('lets the protocol that was registered first win a tie', () => {
    const connection = new FakeConnection();
    const protocols = [lineProtocol({ name: 'first' }), lineProtocol({ name: 'second' })];
    const harness = new SocketMapHarness({ protocols });
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'));
    expect(harness.exchanges.map((flow) => flow.protocol)).toEqual(['first']);
  });

  it('waits for an earlier protocol that needs more, and replays both directions to it in order', () => {
    const patient = detectedBy('patient', ({ egress }) => (egress.length > 0 ? 'match' : 'need-more'));
    const harness = new SocketMapHarness({ protocols: [patient, lineProtocol({ name: 'hasty' })] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'));
    expect(harness.flows).toEqual([]);
    harness.play(connection.egress('SAY a\n'));
    expect(harness.exchanges.map((flow) => flow.protocol)).toEqual(['patient']);
  });

  it('goes to the later protocol when the earlier one says no after all', () => {
    const patient = detectedBy('patient', ({ ingress }) => (ingress.length < 10 ? 'need-more' : 'no-match'));
    const harness = new SocketMapHarness({ protocols: [patient, lineProtocol({ name: 'hasty' })] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'), connection.ingress('ASK b\n'));
    expect(harness.exchanges.map((flow) => flow.protocol)).toEqual(['hasty']);
  });

  it('stops waiting when the probe budget is spent', () => {
    const greedy = detectedBy('greedy', () => 'need-more');
    const harness = new SocketMapHarness({
      protocols: [greedy, lineProtocol({ name: 'modest' })],
      limits: { maxProbeBytes: 64 },
    });
    const connection = new FakeConnection();
    harness.play(connection.ingress(`ASK ${'x'.repeat(50)}\n`), connection.ingress(`ASK ${'y'.repeat(200)}\n`));
    harness.play(connection.egress('SAY 1\nSAY 2\n'));
    expect(harness.conversations).toEqual([`${'x'.repeat(50)} → SAY 1`, `${'y'.repeat(200)} → SAY 2`]);
  });

  it('decides at the close when a protocol was still waiting', () => {
    const greedy = detectedBy('greedy', () => 'need-more');
    const harness = new SocketMapHarness({ protocols: [greedy, lineProtocol({ name: 'modest' })] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'), connection.close());
    expect(harness.conversations).toEqual(['a → SAY a']);
  });

  it('counts a connection that no protocol claims and lets its bytes go', () => {
    let asked = 0;
    const nosy = detectedBy('nosy', () => {
      asked += 1;
      return 'no-match';
    });
    const harness = new SocketMapHarness({ protocols: [nosy] });
    const connection = new FakeConnection();
    for (let n = 0; n < 10; n += 1) harness.play(connection.ingress('what\n'), connection.egress('ever\n'));
    harness.play(connection.close());
    expect(asked).toBe(1);
    expect(harness.map.totals.unknownConnections).toBe(1);
    expect(harness.flows).toEqual([]);
  });

  it('starts afresh after a gap in an undetected stream', () => {
    const probes: [string, boolean][] = [];
    const plugin = detectedBy('line', ({ ingress, joinedLate }) => {
      probes.push([ingress.toString(), joinedLate]);
      return ingress.includes('ASK') ? 'match' : 'need-more';
    });
    const harness = new SocketMapHarness({ protocols: [plugin] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('AS'));
    connection.lose('ingress', 7);
    harness.play(connection.ingress('ASK b\n'), connection.egress('SAY b\n'));
    expect(probes).toEqual([
      ['AS', false],
      ['ASK b\n', true],
    ]);
    expect(harness.conversations).toEqual(['b → SAY b']);
    expect(harness.count('probe-bytes-discarded')).toBe(2);
  });

  it('recognises a connection that was joined in the middle of a message when the direction turns', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection({ joinedLate: true });
    harness.play(connection.ingress('rest of an upload'), connection.ingress('ASK not a start of a message'));
    expect(harness.map.totals.unknownConnections).toBe(1);
    harness.play(connection.egress('SAY done\n'), connection.ingress('ASK b\n'), connection.egress('SAY b\n'));
    expect(harness.conversations).toEqual(['b → SAY b']);
    expect(harness.map.totals.unknownConnections).toBe(0);
  });

  it('recognises it in the same direction too after a gap: a lost answer does not show before the next one', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('A'));
    connection.lose('ingress', 9);
    harness.play(connection.ingress('rest of an upload'));
    harness.play(connection.ingress('ASK b\n'), connection.egress('SAY b\n'));
    expect(harness.conversations).toEqual(['b → SAY b']);
  });

  it('treats a detect that throws as no', () => {
    const broken = detectedBy('broken', () => {
      throw new Error('detect');
    });
    const harness = new SocketMapHarness({ protocols: [broken, lineProtocol()] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'));
    expect(harness.conversations).toEqual(['a → SAY a']);
    expect(harness.count('parser-error:broken')).toBe(1);
  });
});

describe('a parser that throws', () => {
  it('costs its own connection only', () => {
    const harness = new SocketMapHarness();
    const [bad, good] = [new FakeConnection({ id: 1 }), new FakeConnection({ id: 2 }, { fd: 8 })];
    harness.play(good.ingress('ASK a\n'), bad.ingress('ASK throw\n'), bad.ingress('ASK b\n'), bad.egress('SAY b\n'));
    harness.play(good.egress('SAY a\n'), bad.close(), good.close());
    expect(harness.conversations).toEqual(['a → SAY a']);
    expect(harness.count('parser-error:line')).toBe(1);
    expect(harness.map.totals.unknownConnections).toBe(1);
  });

  it('may do so in its constructor, in gap and in close', () => {
    for (const method of ['constructor', 'gap', 'close'] as const) {
      const fail = (): never => {
        throw new Error(method);
      };
      const ignore = () => {};
      const plugin: ProtocolPlugin = {
        ...lineProtocol(),
        createParser:
          method === 'constructor' ? fail : () => ({ data: ignore, gap: ignore, close: ignore, ...{ [method]: fail } }),
      };
      const harness = new SocketMapHarness({ protocols: [plugin] });
      const connection = new FakeConnection();
      harness.play(connection.ingress('ASK a\n'));
      connection.lose('ingress', 5);
      harness.play(connection.ingress('ASK b\n'), connection.close());
      expect(harness.count('parser-error:line'), method).toBe(1);
    }
  });

  it('cannot hand out exchanges once it was closed', () => {
    let emit = () => {};
    const plugin: ProtocolPlugin = {
      ...lineProtocol(),
      createParser: (context) => {
        emit = () =>
          context.emit({
            protocol: 'line',
            scheme: 'line',
            requestDirection: 'ingress',
            startNs: 0,
            endNs: 0,
            complete: true,
          });
        return { data: () => {}, gap: () => {}, close: () => {} };
      },
    };
    const harness = new SocketMapHarness({ protocols: [plugin] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK a\n'), connection.close());
    emit();
    expect(harness.flows).toEqual([]);
    expect(harness.count('emit-after-close:line')).toBe(1);
  });
});

describe('handover', () => {
  const other = lineProtocol({ name: 'other', verb: 'GIVE' });

  it('detects afresh on the bytes behind the message that ended the protocol', () => {
    const harness = new SocketMapHarness({ protocols: [lineProtocol(), other] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK x\n'), connection.egress('SAY become\nGIVE me\nGIVE more\n'));
    harness.play(connection.ingress('1\n2\n'));
    expect(harness.exchanges.map((flow) => `${flow.protocol} ${flow.role}`)).toEqual([
      'line server',
      'other server',
      'other server',
    ]);
    expect(harness.conversations).toEqual(['x → SAY become', 'me → 1', 'more → 2']);
  });

  it('goes straight to the protocol that the parser names', () => {
    const blind: ProtocolPlugin = { ...other, detect: () => 'no-match' };
    const harness = new SocketMapHarness({ protocols: [lineProtocol(), blind] });
    const connection = new FakeConnection();
    harness.play(
      connection.ingress('ASK x\n'),
      connection.egress('SAY become other\n'),
      connection.ingress('GIVE me\n'),
    );
    harness.play(connection.egress('1\n'));
    expect(harness.conversations).toEqual(['x → SAY become other', 'me → 1']);
  });

  it('guesses nothing when the named protocol is not installed', () => {
    const harness = new SocketMapHarness();
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK x\n'), connection.egress('SAY become absent\nASK y\n'), connection.close());
    expect(harness.conversations).toEqual(['x → SAY become absent']);
    expect(harness.count('handover-unknown:absent')).toBe(1);

    const hostile = new FakeConnection({ id: 2 });
    harness.play(hostile.ingress('ASK x\n'), hostile.egress(`SAY become ${'\x1b['.repeat(500)}\n`));
    expect(harness.count('handover-unknown')).toBe(1);
  });

  it('works in the middle of bytes that are replayed after a late detection', () => {
    const patient = detectedBy('line', ({ ingress, egress }) =>
      ingress.length > 0 && egress.length > 0 ? 'match' : 'need-more',
    );
    const harness = new SocketMapHarness({ protocols: [{ ...patient, probeBytes: 8192 }, other] });
    const connection = new FakeConnection();
    harness.play(connection.ingress('ASK x\n'), connection.egress('SAY become other\nGIVE a\n'));
    harness.play(connection.ingress('1\n'));
    expect(harness.conversations).toEqual(['x → SAY become other', 'a → 1']);
  });

  it('ends when parsers hand over to each other for ever', () => {
    const eager: ProtocolPlugin = {
      ...lineProtocol({ name: 'eager' }),
      createParser: (context) => ({
        data: (chunk) => context.handover({ ingressOffset: 0, egressOffset: 0, leftover: [chunk], to: 'eager' }),
        gap: () => {},
        close: () => {},
      }),
    };
    const harness = new SocketMapHarness({ protocols: [eager] });
    harness.play(new FakeConnection().ingress('ASK x\n'));
    expect(harness.count('handover-loop')).toBe(1);
  });
});
