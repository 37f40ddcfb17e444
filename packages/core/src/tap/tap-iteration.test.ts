// SPDX-License-Identifier: Apache-2.0
import { describe, expect, expectTypeOf, it } from 'vitest';
import type { FlowFilter } from '../criteria/flow-filter.js';
import type { ExchangeFlow, Flow, OpaqueFlow } from '../flow/flow.js';
import { FakeConnection } from '../testing/fake-connection.js';
import { FakeSource } from '../testing/fake-source.js';
import { lineProtocol } from '../testing/line-protocol.js';
import { createTap, type Tap } from './tap.js';

function exchange(source: FakeSource, id: number, pid = 100): void {
  const connection = new FakeConnection({ id }, { pid, fd: id });
  source.play(connection.ingress('ASK a\n'), connection.egress('SAY a\n'), connection.close());
}

async function idsOf(flows: AsyncIterable<Flow>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { connectionId } of flows) ids.push(connectionId);
  return ids;
}

describe('an iterator with a filter', () => {
  it('gets what the filter keeps, while the others get everything', async () => {
    const source = new FakeSource();
    const tap = createTap({ source, protocols: [lineProtocol()] });
    const all = idsOf(tap.flows());
    const byProcess = idsOf(tap.flows({ where: { process: 7 } }));
    const even = idsOf(tap.flows({ where: ({ connectionId }) => connectionId % 2 === 0 }));
    const other = idsOf(tap.flows({ where: { protocol: 'http/1.1' } }));
    await tap.start();
    for (const id of [1, 2, 3, 4]) exchange(source, id, id < 3 ? 7 : 8);
    source.end();
    expect([await all, await byProcess, await even, await other]).toEqual([[1, 2, 3, 4], [1, 2], [2, 4], []]);
    expect(tap.stats()).toMatchObject({ flows: 4, filteredFlows: 0, iteratorDrops: 0 });
  });

  it('is not slowed by what it does not get', async () => {
    const source = new FakeSource();
    const tap = createTap({ source, protocols: [lineProtocol()], limits: { maxQueuedFlows: 1 } });
    const flows = tap.flows({ where: { process: 7 } });
    await tap.start();
    for (const id of [1, 2, 3]) exchange(source, id, id === 2 ? 7 : 8);
    await tap.stop();
    expect(await idsOf(flows)).toEqual([2]);
    expect(tap.stats().iteratorDrops).toBe(0);
  });

  it('goes without the flows for which the filter throws, and the tap says so', async () => {
    const source = new FakeSource();
    const tap = createTap({ source, protocols: [lineProtocol()] });
    const errors: string[] = [];
    tap.on('error', ({ message }) => errors.push(message));
    const where = ({ connectionId }: Flow) => {
      if (connectionId === 2) throw new Error('no idea');
      return true;
    };
    const [some, all] = [idsOf(tap.flows({ where })), idsOf(tap.flows())];
    await tap.start();
    for (const id of [1, 2, 3]) exchange(source, id);
    source.end();
    expect([await some, await all]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
    expect(errors).toEqual(['no idea']);
    expect(tap.stats().counters).toMatchObject({ 'filter-error': 1 });
  });

  it('is refused when the filter means nothing', () => {
    const tap = createTap({ source: new FakeSource(), protocols: [lineProtocol()] });
    expect(() => tap.flows({ where: { port: 0 } })).toThrow('port cannot be 0');
  });
});

describe('a signal', () => {
  it('ends the tap with what was captured', async () => {
    const source = new FakeSource();
    const controller = new AbortController();
    const tap = createTap({ source, protocols: [lineProtocol()], signal: controller.signal });
    const ids = idsOf(tap.flows());
    await tap.start();
    exchange(source, 1);
    controller.abort();
    await tap.ended;
    expect(await ids).toEqual([1]);
    expect(source.stopCalls).toBe(1);
  });

  it('that has aborted keeps the tap from starting', async () => {
    const source = new FakeSource();
    const tap = createTap({ source, protocols: [lineProtocol()], signal: AbortSignal.abort() });
    await expect(tap.start()).rejects.toMatchObject({ code: 'STATE_STOPPED' });
    await tap.ended;
    expect(source.stopCalls).toBe(0);
  });
});

it('is stopped at the end of a block that it is declared in', async () => {
  const source = new FakeSource();
  let ended: Promise<void> | undefined;
  {
    await using tap = createTap({ source, protocols: [lineProtocol()] });
    ended = tap.ended;
    await tap.start();
    expect(source.stopCalls).toBe(0);
  }
  await ended;
  expect(source.stopCalls).toBe(1);
});

// `npm run typecheck` is what judges these.
describe('types', () => {
  it('are narrowed by protocol, by the kind of flow and by the filter', () => {
    const narrow = (tap: Tap, flow: Flow, where: FlowFilter) => {
      if (flow.protocol === 'tls') expectTypeOf(flow).toEqualTypeOf<OpaqueFlow>();
      if (flow.kind === 'flow') expectTypeOf(flow).toEqualTypeOf<ExchangeFlow>();
      if (flow.protocol === 'http/1.1') {
        expectTypeOf(flow.request?.method).toEqualTypeOf<string | undefined>();
        expectTypeOf(flow.response?.status).toEqualTypeOf<number | undefined>();
        expectTypeOf(flow).not.toHaveProperty('reason');
      }
      type Http1 = Extract<Flow, { protocol: 'http/1.1' }>;
      expectTypeOf(tap.flows()).toEqualTypeOf<AsyncIterableIterator<Flow>>();
      expectTypeOf(tap.flows({ where })).toEqualTypeOf<AsyncIterableIterator<Flow>>();
      expectTypeOf(tap.flows({ where: { port: 80 } })).toEqualTypeOf<AsyncIterableIterator<Flow>>();
      expectTypeOf(tap.flows({ where: { protocol: 'http/1.1', port: 80 } })).toEqualTypeOf<
        AsyncIterableIterator<Http1>
      >();
      expectTypeOf(tap.flows({ where: { protocol: ['http/1.1', 'tls'] } })).toEqualTypeOf<
        AsyncIterableIterator<Http1 | OpaqueFlow>
      >();
      expectTypeOf(tap.flows({ where: { protocol: 'nobody-declared-it' } })).toEqualTypeOf<
        AsyncIterableIterator<Flow>
      >();
      expectTypeOf(tap.flows({ where: (given): given is OpaqueFlow => given.kind === 'opaque' })).toEqualTypeOf<
        AsyncIterableIterator<OpaqueFlow>
      >();
    };
    expect(narrow).toBeTypeOf('function');
  });
});
