// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { Flow } from '../support/flow.js';
import type { Exchange } from './exchange.js';
import type { Stage } from './stage.js';
import type { Order, Unreadable } from './subject.js';

/** What a cell says. */
export const Result = {
  complete: 'yes',
  /** A file that was neither running nor known to the dynamic linker: what passes until its probes are there is missed. */
  onceFound: 'yes, once found',
  /** The first request came while a thread waited inside the TLS library since before there was a probe. */
  fromSecond: 'yes, from the 2nd request on',
} as const;

/** Exactly one flow for each exchange, each as both ends saw it. */
export function judge(stage: Stage, order: Order, flows: readonly Flow[]): string {
  const others = flows.filter((flow) => flow.request === undefined && !flow.complete);
  const expected = stage.exchanges();
  const [first] = expected;
  const missesFirst = !flows.some((flow) => flow.request?.target === first?.target);
  const mayMissFirst = order === 'before' && stage.scheme === 'https' && stage.role === 'server';
  expect(stage.openedPort()).toBe(order === 'before' ? first?.clientPort : undefined);
  const seen = missesFirst && mayMissFirst ? expected.slice(1) : expected;

  expect(summary(flows.filter((flow) => !others.includes(flow)))).toEqual(seen.map(({ target }) => target).sort());
  for (const exchange of seen) expectFlow(stage, exchange, flows);
  if (missesFirst && mayMissFirst) {
    expect(others).toMatchObject([
      { complete: false, error: { code: expect.any(String) }, source: { port: first?.clientPort } },
    ]);
    return Result.fromSecond;
  }
  expect(others.length, JSON.stringify(others)).toBeLessThanOrEqual(stage.isAnsweredLate && order === 'before' ? 1 : 0);
  return Result.complete;
}

/** One opaque flow with the reason for each connection of a client. Of the one that was open before, nobody saw who began it. */
export function judgeUnreadable(
  stage: Stage,
  order: Order,
  flows: readonly Flow[],
  { code, message, cell }: Unreadable,
): string {
  const ports = new Set(stage.exchanges().map(({ clientPort }) => clientPort));
  const early = stage.openedPort();
  expect(early !== undefined && ports.has(early)).toBe(order === 'before');
  const portOf = ({ source, local }: Flow) => (source ?? local)?.port;
  expect(flows.map(portOf).sort()).toEqual([...ports].sort());
  for (const flow of flows) {
    const port = portOf(flow);
    const [client, server] = port === early ? ['local', 'remote'] : ['source', 'destination'];
    expect(flow).toMatchObject({
      ...{ kind: 'opaque', protocol: 'tls', tls: true, role: port === early ? 'unknown' : 'client' },
      [client]: { address: '127.0.0.1', port },
      [server]: { address: '127.0.0.1', port: stage.port() },
      reason: { code, message: expect.stringMatching(message) },
    });
    const exchanges = stage.exchanges().filter(({ clientPort }) => clientPort === port);
    const least = (read: (exchange: Exchange) => string) => exchanges.reduce((sum, each) => sum + read(each).length, 0);
    expect(flow.bytes?.egress).toBeGreaterThan(least(({ body }) => body));
    expect(flow.bytes?.ingress).toBeGreaterThan(least(({ text }) => text));
  }
  return `not readable: ${cell}`;
}

function expectFlow({ scheme, role, port }: Stage, exchange: Exchange, flows: readonly Flow[]): void {
  const flow = flows.find((candidate) => candidate.request?.target === exchange.target);
  expect(flow).toMatchObject({
    ...{ protocol: 'http/1.1', scheme, tls: scheme === 'https', role, complete: true },
    source: { address: '127.0.0.1', port: exchange.clientPort },
    destination: { address: '127.0.0.1', port: port() },
    request: { method: exchange.method, body: { size: exchange.body.length, text: exchange.body } },
    response: { status: exchange.status, body: { text: exchange.text } },
  });
  expect(flow?.error).toBeUndefined();
  expect(flow?.gaps).toBeUndefined();
}

function summary(flows: readonly Flow[]): readonly string[] {
  return flows.map((flow) => flow.request?.target ?? flow.kind).sort();
}
