// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { TapEvent } from '../events.js';
import type { Flow } from '../flow/flow.js';
import type { ParserContext, ProtocolParser, ProtocolPlugin } from '../parsing/protocol-plugin.js';
import type { TapLimits } from '../tap/limits.js';
import { createTap } from '../tap/tap.js';
import { FakeConnection } from '../testing/fake-connection.js';
import { FakeSource } from '../testing/fake-source.js';
import { type LineProtocolOptions, lineProtocol } from '../testing/line-protocol.js';
import { SocketMapHarness } from '../testing/socket-map-harness.js';
import { guarded } from './guarded.js';

const LIMITS = { parserTimeoutMs: 100 };

/** The line protocol, whose parser does something evil when a line `ASK evil` comes. */
function evil(act: (context: ParserContext) => void, options: LineProtocolOptions = {}): ProtocolPlugin {
  const plugin = lineProtocol(options);
  return {
    ...plugin,
    createParser: (context): ProtocolParser => {
      const parser = plugin.createParser(context);
      return {
        data: (chunk) => {
          if (chunk.bytes.includes('evil')) act(context);
          parser.data(chunk);
        },
        gap: (gap) => parser.gap(gap),
        close: (reason, timestampNs) => parser.close(reason, timestampNs),
      };
    },
  };
}

const never = (): void => {
  for (;;);
};

function exchange(id: number, ask: string, say = ask): { before: TapEvent[]; after: TapEvent[] } {
  const connection = new FakeConnection({ id }, { fd: id });
  return {
    before: [connection.connect(), connection.ingress(`ASK ${ask}\n`)],
    after: [connection.egress(`SAY ${say}\n`), connection.close()],
  };
}

function play(
  protocols: readonly ProtocolPlugin[],
  exchanges: readonly { before: TapEvent[]; after: TapEvent[] }[],
  limits: Partial<TapLimits> = LIMITS,
) {
  const harness = new SocketMapHarness({ protocols, limits });
  harness.play(...exchanges.flatMap(({ before }) => before));
  harness.play(...exchanges.flatMap(({ after }) => after));
  harness.map.end();
  return harness;
}

describe('a guarded plugin', () => {
  it('gives the same flows as one that is trusted', () => {
    const exchanges = ['one', 'two', 'three'].map((text, index) => exchange(index + 1, text));
    const trusted = play([lineProtocol()], exchanges);
    const watched = play([guarded(lineProtocol())], exchanges);
    expect(watched.conversations).toEqual(trusted.conversations);
    expect(watched.conversations).toHaveLength(3);
    expect(watched.map.totals).toEqual(trusted.map.totals);
  });

  it('gives its flows when the events of the moment are over, without waiting for the end', async () => {
    const harness = new SocketMapHarness({ protocols: [guarded(lineProtocol())] });
    const { before, after } = exchange(1, 'now');
    harness.play(...before, ...after.slice(0, 1));
    await Promise.resolve();
    expect(harness.conversations).toEqual(['now → SAY now']);
  });

  it('that loops on one connection loses that connection only', () => {
    const exchanges = [exchange(1, 'first'), exchange(2, 'evil'), exchange(3, 'third')];
    const harness = play([guarded(evil(never))], exchanges);
    expect(harness.conversations).toEqual(['first → SAY first', 'third → SAY third']);
    expect(harness.count('parser-timeout:line')).toBe(1);
    expect(harness.map.totals.unknownConnections).toBe(1);
  });

  it('cannot catch the interruption', () => {
    const stubborn = evil(() => {
      for (;;) {
        try {
          never();
        } finally {
        }
      }
    });
    const harness = play([guarded(stubborn)], [exchange(1, 'evil'), exchange(2, 'good')]);
    expect(harness.conversations).toEqual(['good → SAY good']);
    expect(harness.count('parser-timeout:line')).toBe(1);
  });

  it('that throws loses that connection only', () => {
    const harness = play([guarded(lineProtocol())], [exchange(1, 'throw'), exchange(2, 'good')]);
    expect(harness.conversations).toEqual(['good → SAY good']);
    expect(harness.count('parser-error:line')).toBe(1);
  });

  it('keeps what it handed out before it looped', () => {
    const connection = new FakeConnection();
    const events = [
      connection.ingress('ASK one\n'),
      connection.egress('SAY one\n'),
      connection.ingress('ASK evil\n'),
      connection.egress('SAY two\n'),
      connection.close(),
    ];
    const harness = play([guarded(evil(never))], [{ before: events, after: [] }]);
    expect(harness.conversations).toEqual(['one → SAY one']);
  });

  it('that hands out without end fails before the memory does', () => {
    const plugin = evil((context) => {
      const now = { startNs: 0, endNs: 0, requestDirection: 'ingress', complete: true } as const;
      for (;;) context.emit({ protocol: 'line', scheme: 'line', ...now });
    });
    const limits = { ...LIMITS, maxPendingExchanges: 10 };
    const harness = play([guarded(plugin)], [exchange(1, 'evil'), exchange(2, 'good')], limits);
    expect(harness.count('parser-error:line')).toBe(1);
    expect(harness.flows.length).toBeLessThan(100);
    expect(harness.conversations).toContain('good → SAY good');
  });

  it('that loops in detect is asked no more after a while, and others are asked in its place', () => {
    const plugin = guarded({ ...lineProtocol({ name: 'loops' }), detect: never as () => never });
    const exchanges = Array.from({ length: 12 }, (_, index) => exchange(index + 1, `${index}`));
    const harness = play([plugin, lineProtocol()], exchanges, { parserTimeoutMs: 20 });
    expect(harness.conversations).toHaveLength(12);
    expect(harness.count('parser-timeout:loops')).toBe(8);
    expect(harness.count('plugin-off:loops')).toBe(4);
  });

  it('that loops on every connection does not hold the capture up for each of them', () => {
    const exchanges = Array.from({ length: 20 }, (_, index) => exchange(index + 1, 'evil'));
    const good = new FakeConnection({ id: 100 });
    const other = { before: [good.ingress('PUT x\n')], after: [good.egress('SAY y\n')] };
    const protocols = [guarded(evil(never)), lineProtocol({ name: 'other', verb: 'PUT' })];
    const harness = play(protocols, [...exchanges, other], { parserTimeoutMs: 20 });
    expect(harness.conversations).toEqual(['x → SAY y']);
    expect(harness.count('parser-timeout:line')).toBe(8);
    expect(harness.count('plugin-off:line')).toBe(12);
  });

  it.each([
    ['a trusted one', lineProtocol({ name: 'next', verb: 'PUT' })],
    ['a guarded one', guarded(lineProtocol({ name: 'next', verb: 'PUT' }))],
  ])('hands over to %s, also when everything, the end included, came at once', (_, next) => {
    const connection = new FakeConnection();
    const events = [
      connection.ingress('ASK x\n'),
      connection.egress('SAY become next\n'),
      connection.ingress('PUT a\n'),
      connection.egress('SAY b\n'),
      connection.ingress('PUT c\n'),
      connection.close(),
    ];
    const harness = play([guarded(lineProtocol()), next], [{ before: events, after: [] }]);
    expect(harness.conversations).toEqual(['x → SAY become next', 'a → SAY b', 'c → –']);
    expect(harness.exchanges.map(({ protocol }) => protocol)).toEqual(['line', 'next', 'next']);
  });

  it('is given gaps in their place', () => {
    const connection = new FakeConnection();
    const before = [connection.ingress('ASK one\n')];
    connection.lose('ingress', 5);
    const after = [connection.ingress('x\nASK two\n'), connection.egress('SAY 1\nSAY 2\n'), connection.close()];
    const harness = play([guarded(lineProtocol())], [{ before, after }]);
    expect(harness.conversations).toEqual(['one → SAY 1', 'two → SAY 2']);
    expect(harness.exchanges[0]?.gaps).toHaveLength(1);
  });

  it('takes many events at once without keeping all of them', () => {
    const connection = new FakeConnection();
    const harness = new SocketMapHarness({ protocols: [guarded(lineProtocol())] });
    for (let index = 0; index < 3000; index += 1) {
      harness.play(connection.ingress(`ASK ${index}\n`), connection.egress('SAY x\n'));
    }
    expect(harness.flows.length).toBeGreaterThan(2000);
    harness.map.end();
    expect(harness.flows).toHaveLength(3000);
  });

  it('announces exchanges and messages, under the id that the flow then has', async () => {
    const source = new FakeSource();
    const tap = createTap({ source, protocols: [guarded(lineProtocol())] });
    const told: string[] = [];
    const flows: Flow[] = [];
    tap.on('flow:open', ({ id }) => told.push(`open ${id}`));
    tap.on('flow:message', ({ flowId, index }) => told.push(`message ${index} ${flowId}`));
    tap.on('flow', (flow) => flows.push(flow));
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK x\n'), connection.egress('SAY part a\nSAY part b\nSAY y\n'));
    source.end();
    await tap.ended;
    const id = flows[0]?.id;
    expect(flows).toHaveLength(1);
    expect(told).toEqual([`open ${id}`, `message 0 ${id}`, `message 1 ${id}`]);
    expect(tap.stats().counters).toEqual({});
  });

  it('is refused when it is no plugin', () => {
    const wrong = { ...lineProtocol(), apiVersion: 2 } as unknown as ProtocolPlugin;
    expect(() => guarded(wrong)).toThrow(expect.objectContaining({ code: 'CONFIG_API_VERSION' }));
  });
});
