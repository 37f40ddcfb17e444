// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Exporter } from '../delivery/exporter.js';
import type { ParserContext, ProtocolPlugin } from '../parsing/protocol-plugin.js';
import { createTap } from '../tap/tap.js';
import type { TapOptions } from '../tap/tap-options.js';
import { FakeConnection } from '../testing/fake-connection.js';
import { FakeSource } from '../testing/fake-source.js';
import { lineProtocol } from '../testing/line-protocol.js';
import type { Flow } from './flow.js';
import type { FlowUpdate } from './flow-update.js';

/** What came out, in order: `open a`, `message a 0 text`, `flow a`; and all flows. */
function setUp(options: Partial<TapOptions> = {}) {
  const source = new FakeSource();
  const heard: string[] = [];
  const flows: Flow[] = [];
  const tap = createTap({ source, protocols: [lineProtocol()], ...options });
  tap.on('flow', (flow) => {
    flows.push(flow);
    heard.push(`flow ${requestText(flow)}`);
  });
  const listen = () => {
    tap.on('flow:open', (flow) => heard.push(`open ${requestText(flow)}`));
    tap.on('flow:message', ({ flow, index, message }) =>
      heard.push(`message ${requestText(flow)} ${index} ${message.content.text()}`),
    );
  };
  return { source, tap, heard, flows, listen };
}

function requestText(flow: Flow): string {
  const request: unknown = flow.kind === 'flow' ? flow.request : undefined;
  return typeof request === 'object' && request !== null && 'text' in request ? String(request.text) : '?';
}

describe('listeners', () => {
  it('hear of a flow when it begins, of its messages, and of its end under the same id', async () => {
    const { source, tap, heard, flows, listen } = setUp();
    listen();
    const ids: string[] = [];
    tap.on('flow:open', (flow) => {
      ids.push(flow.id);
      expect(flow).toMatchObject({ complete: false, source: { port: 50_000 }, process: { comm: 'server' } });
      expect(flow.response).toBeUndefined();
    });
    tap.on('flow:message', ({ flowId }) => ids.push(flowId));
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\nASK b\n'));
    expect(heard).toEqual(['open a', 'open b']);
    source.play(connection.egress('SAY part 1\nSAY part 2\nSAY a\n'), connection.egress('SAY b\n'));
    await tap.stop();
    expect(heard.slice(2)).toEqual(['message a 0 1', 'message a 1 2', 'flow a', 'flow b']);
    expect(ids).toEqual([flows[0]?.id, flows[1]?.id, flows[0]?.id, flows[0]?.id]);
    expect(flows[0]).toMatchObject({ complete: true, messageCount: 2 });
  });

  it('are asked for each request: without any, parsers are not troubled', async () => {
    const asked: boolean[] = [];
    const watched: ProtocolPlugin = {
      ...lineProtocol(),
      createParser: (context) =>
        lineProtocol().createParser({
          ...context,
          get wantsUpdates() {
            asked.push(context.wantsUpdates);
            return context.wantsUpdates;
          },
        }),
    };
    const { source, tap, heard, listen } = setUp({ protocols: [watched] });
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\n'));
    listen();
    source.play(connection.ingress('ASK b\n'));
    tap.removeAllListeners('flow:open').removeAllListeners('flow:message');
    source.play(connection.ingress('ASK c\n'));
    await tap.stop();
    expect(asked).toEqual([false, true, false]);
    expect(heard.filter((line) => line.startsWith('open'))).toEqual(['open b']);
  });

  it('that throw cost nothing', async () => {
    const { source, tap, flows } = setUp();
    tap.on('flow:open', () => {
      throw new Error('listener');
    });
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'));
    await tap.stop();
    expect(flows).toMatchObject([{ complete: true }]);
    expect(tap.stats().counters).toEqual({ 'listener-error': 1 });
  });
});

describe('a flow that opened ends', () => {
  it('when its connection does', async () => {
    const { source, tap, heard, listen } = setUp();
    listen();
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\n'), connection.close());
    expect(heard).toEqual(['open a', 'flow a']);
    await tap.stop();
  });

  it('when its parser fails, and when the parser forgets it', async () => {
    const forgetful: ProtocolPlugin = {
      ...lineProtocol(),
      createParser: (context: ParserContext) => lineProtocol().createParser({ ...context, emit: () => {} }),
    };
    for (const [protocol, last] of [
      [lineProtocol(), 'ASK throw\n'],
      [forgetful, 'ASK b\n'],
    ] as const) {
      const { source, tap, heard, flows, listen } = setUp({ protocols: [protocol] });
      listen();
      await tap.start();
      const connection = new FakeConnection();
      source.play(connection.ingress('ASK a\n'));
      source.play(connection.ingress(last), connection.close());
      await tap.stop();
      expect(heard.filter((line) => line.endsWith(' a'))).toEqual(['open a', 'flow a']);
      expect(flows[0]).toMatchObject({ complete: false, error: { code: 'not-ended' } });
      expect(tap.stats().counters['not-ended:line']).toBe(flows.length);
    }
  });

  it('and is not announced when too many are open', async () => {
    const { source, tap, heard, flows, listen } = setUp({ limits: { maxPendingExchanges: 2 } });
    listen();
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\nASK b\nASK c\n'), connection.close());
    await tap.stop();
    expect(heard.filter((line) => line.startsWith('open'))).toEqual(['open a', 'open b']);
    // The parser lets the oldest go at the same limit; that one ends too.
    expect(flows.map(requestText)).toEqual(['b', 'c', 'a']);
    expect(tap.stats().counters['not-announced:line']).toBe(1);
  });
});

describe('the filter and the redaction', () => {
  it('hold for what is told before the end', async () => {
    const { source, tap, heard, listen } = setUp({ where: (flow) => requestText(flow) !== 'secret' });
    listen();
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK secret\nASK b\n'));
    source.play(connection.egress('SAY part 1\nSAY secret\nSAY part 2\nSAY b\n'));
    await tap.stop();
    expect(heard).toEqual(['open b', 'message b 0 2', 'flow b']);
    expect(tap.stats()).toMatchObject({ flows: 1, filteredFlows: 1 });
  });
});

describe('exporters', () => {
  it('get updates before the flow when they take them; others get flows only', async () => {
    const heard: string[] = [];
    const base = {
      apiVersion: 1,
      export: async (flows: readonly Flow[]) => {
        heard.push(...flows.map((flow) => `flow ${requestText(flow)}`));
        return { status: 'ok' as const };
      },
      flush: async () => {},
      shutdown: async () => {},
    } as const;
    const plain: Exporter = { ...base, name: 'plain', export: async () => ({ status: 'ok' }) };
    const eager: Exporter = {
      ...base,
      name: 'eager',
      exportUpdates: async (updates: readonly FlowUpdate[]) => {
        heard.push(...updates.map((update) => `${update.kind} ${requestText(update.flow)}`));
        return { status: 'ok' };
      },
    };
    const { source, tap } = setUp({ exporters: [plain, eager] });
    await tap.start();
    const connection = new FakeConnection();
    source.play(connection.ingress('ASK a\n'), connection.egress('SAY part 1\nSAY a\n'));
    await tap.stop();
    expect(heard).toEqual(['open a', 'message a', 'flow a']);
    expect(tap.stats().exporters).toMatchObject([
      { name: 'plain', exported: 1 },
      { name: 'eager', exported: 1, updates: { queued: 0, exported: 2, dropped: 0, failed: 0 } },
    ]);
  });
});
