// SPDX-License-Identifier: Apache-2.0
import type { ParsedExchange } from '@flowtap/core';
import type { ParserStep } from '@flowtap/core/testing';
import { expect } from 'vitest';
import { type Conversation, openingEvents } from './conversation.js';
import { requestOf, responseOf } from './outline.js';

function requestId(exchange: ParsedExchange): string | undefined {
  return requestOf(exchange)?.target.slice(1);
}

function responseId(exchange: ParsedExchange): string | undefined {
  return responseOf(exchange)?.headers.find(([name]) => name === 'X-Id')?.[1];
}

/** Every message at most once, only messages that were sent, no request with another's response. */
export function checkNothingIsWrong({ exchanges: models }: Conversation, exchanges: readonly ParsedExchange[]): void {
  const seen = new Set<string>();
  for (const exchange of exchanges) {
    const request = requestId(exchange);
    const response = responseId(exchange);
    for (const name of [request && `request ${request}`, response && `response ${response}`]) {
      if (name === undefined) continue;
      expect(seen.has(name), `${name} twice`).toBe(false);
      seen.add(name);
    }
    // A head that broke off may have lost its id.
    if (request !== undefined && response !== undefined) expect(response, 'paired').toBe(request);
    if (exchange.complete) {
      const model = models[Number(request)];
      expect(requestOf(exchange)?.method).toBe(model?.method);
      expect(responseOf(exchange)?.status).toBe(model?.status);
    } else {
      expect(exchange.error, 'an incomplete exchange says why').toBeDefined();
    }
  }
}

/** Whole calls are lost, as when the ring buffer is full; the end of the stream does not tell what was lost last. */
export function loseCalls(talk: Conversation, fates: readonly number[]): ParserStep[] {
  const missing = { egress: 0, ingress: 0 };
  const steps: ParserStep[] = [];
  for (const [index, { direction, bytes }] of talk.events.entries()) {
    const isOpening = index < openingEvents(talk);
    if (!isOpening && fates[index % fates.length] === 0) {
      missing[direction] += bytes.length;
      continue;
    }
    if (missing[direction] > 0) steps.push({ direction, gapBytes: missing[direction] });
    missing[direction] = 0;
    steps.push({ direction, bytes });
  }
  return steps;
}
