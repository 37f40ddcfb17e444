// SPDX-License-Identifier: Apache-2.0
import { beforeEach, describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../tap/limits.js';
import { parserContext } from '../testing/parser-context.js';
import type { ParsedExchange } from './protocol-plugin.js';
import { RequestQueue } from './request-queue.js';

describe('a queue of requests', () => {
  let exchanges: ParsedExchange[];
  let counts: string[];
  let queue: RequestQueue<string, string>;

  beforeEach(() => {
    exchanges = [];
    counts = [];
    const context = parserContext({
      limits: { ...DEFAULT_LIMITS, maxPendingExchanges: 3 },
      emit: (exchange) => exchanges.push(exchange),
      count: (code) => counts.push(code),
    });
    queue = new RequestQueue(context, { protocol: 'test' });
  });

  const pairs = () => exchanges.map(({ request, response, error }) => [request, response ?? error?.code]);

  it('gives each request its reply, in order', () => {
    queue.add('a', 'ingress', 1);
    queue.add('b', 'ingress', 2);
    queue.reply('A', 3);
    queue.reply('B', 4);
    expect(pairs()).toEqual([
      ['a', 'A'],
      ['b', 'B'],
    ]);
    const common = { protocol: 'test', scheme: 'test', requestDirection: 'ingress', complete: true };
    expect(exchanges[1]).toEqual({ ...common, startNs: 2, endNs: 4, request: 'b', response: 'B' });
  });

  it('counts a reply that nobody asked for', () => {
    queue.reply('A', 1);
    expect([exchanges, counts]).toEqual([[], ['reply-without-request']]);
  });

  it('ends what gets no reply out of turn', () => {
    queue.add('a', 'ingress', 1);
    queue.endWithoutReply(queue.add('b', 'ingress', 2), 3);
    queue.reply('A', 4);
    expect(pairs()).toEqual([
      ['b', undefined],
      ['a', 'A'],
    ]);
    expect(exchanges[0]).toMatchObject({ complete: true, endNs: 3 });
  });

  it('keeps no more than the limit, the newest ones', () => {
    for (const request of ['a', 'b', 'c', 'd']) queue.add(request, 'egress', 1);
    expect(pairs()).toEqual([['a', 'response-not-captured']]);
    expect(counts).toEqual(['too-many-pending']);
    queue.reply('B', 2);
    expect(pairs()[1]).toEqual(['b', 'B']);
  });

  it('gives up all of them, each once, with what was missing', () => {
    const gap = { direction: 'egress', offset: 5, length: 2, reason: 'ring-full', timestampNs: 0 } as const;
    queue.add('a', 'ingress', 1);
    queue.miss(gap, queue.oldest);
    queue.giveUp('no-response', 9);
    queue.giveUp('no-response', 9);
    expect(exchanges).toHaveLength(1);
    expect(exchanges[0]).toMatchObject({ complete: false, endNs: 9, error: { code: 'no-response' } });
    expect(exchanges[0]?.gaps).toEqual([{ direction: 'egress', offset: 5, bytes: 2, reason: 'ring-full' }]);
  });
});
