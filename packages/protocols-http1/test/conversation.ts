// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '@flowtap/core';
import type { ParserStep } from '@flowtap/core/testing';
import fc from 'fast-check';

/** One exchange of a generated conversation. Its id is in the request target and in a header of the response. */
export interface ModelExchange {
  readonly id: number;
  readonly method: string;
  readonly requestBody: string;
  readonly requestChunked: boolean;
  readonly status: number;
  readonly responseBody: string;
  readonly responseChunked: boolean;
  readonly interim: boolean;
}

/** What the program wrote or read in one call. */
export interface WireEvent {
  readonly direction: Direction;
  readonly bytes: Buffer;
}

/**
 * How the client sends: `sequential` waits for each response; `batch` sends several requests and waits for all
 * their responses; `window` keeps on sending while responses are outstanding, visibly from its second request on.
 */
export type ClientStyle = 'sequential' | 'batch' | 'window';

export interface Conversation {
  readonly style: ClientStyle;
  readonly exchanges: readonly ModelExchange[];
  readonly events: readonly WireEvent[];
}

// Bodies that quote HTTP would make it undecidable what a real message is once framing is lost.
const text = fc.string({ unit: fc.constantFrom('a', 'b', ' ', '\n', '\r', ':', '{', '/'), maxLength: 60 });

const exchange = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'HEAD', 'POST', 'DELETE'),
  requestBody: text,
  requestChunked: fc.boolean(),
  status: fc.constantFrom(200, 200, 200, 204, 304, 404),
  responseBody: text,
  responseChunked: fc.boolean(),
  interim: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
});

export function requestBytes(model: ModelExchange): Buffer {
  const head = `${model.method} /${model.id} HTTP/1.1\r\nHost: h\r\n`;
  return Buffer.from(withBody(head, model.requestBody, model.requestChunked), 'latin1');
}

export function responseBytes(model: ModelExchange): Buffer {
  const interim = model.interim ? 'HTTP/1.1 100 Continue\r\n\r\n' : '';
  const head = `HTTP/1.1 ${model.status} Some Reason\r\nX-Id: ${model.id}\r\n`;
  if (!hasResponseBody(model)) return Buffer.from(`${interim}${head}Content-Length: 40\r\n\r\n`, 'latin1');
  return Buffer.from(`${interim}${withBody(head, model.responseBody, model.responseChunked, true)}`, 'latin1');
}

export function hasResponseBody(model: ModelExchange): boolean {
  return model.method !== 'HEAD' && model.status !== 204 && model.status !== 304;
}

function withBody(head: string, body: string, isChunked: boolean, needsLength = false): string {
  if (isChunked) {
    const half = body.length >> 1;
    const chunks = [body.slice(0, half), body.slice(half)].filter((chunk) => chunk !== '');
    const coded = chunks.map((chunk) => `${chunk.length.toString(16)};x=y\r\n${chunk}\r\n`).join('');
    return `${head}Transfer-Encoding: chunked\r\n\r\n${coded}0\r\nX-Trailer: t\r\n\r\n`;
  }
  if (body === '' && !needsLength) return `${head}\r\n`;
  return `${head}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** A conversation of the style; `schedule` decides who goes next where both may. */
export function conversation(style: ClientStyle): fc.Arbitrary<Conversation> {
  const schedule = fc.array(fc.nat({ max: 5 }), { minLength: 1, maxLength: 40 });
  return fc.tuple(fc.array(exchange, { minLength: 1, maxLength: 14 }), schedule).map(([drawn, turns]) => {
    const exchanges = drawn.map((model, id) => ({ ...model, id }));
    return { style, exchanges, events: order(style, exchanges, turns) };
  });
}

function order(style: ClientStyle, exchanges: readonly ModelExchange[], turns: readonly number[]): WireEvent[] {
  const events: WireEvent[] = [];
  let sent = 0;
  let answered = 0;
  let turn = 0;
  const next = () => turns[turn++ % turns.length] ?? 0;
  const send = () => {
    const model = exchanges[sent];
    sent += 1;
    if (model !== undefined) events.push({ direction: 'egress', bytes: requestBytes(model) });
  };
  const receive = () => {
    const model = exchanges[answered];
    answered += 1;
    if (model !== undefined) events.push({ direction: 'ingress', bytes: responseBytes(model) });
  };
  while (answered < exchanges.length) {
    if (style === 'window') {
      if (sent < 2 || sent === answered || (sent < exchanges.length && next() > 2)) send();
      else receive();
      continue;
    }
    const size = style === 'sequential' ? 1 : 1 + next();
    for (let i = 0; i < size && sent < exchanges.length; i++) send();
    while (answered < sent) receive();
  }
  return events;
}

/** Cut events into pieces of the given sizes, in turn. */
export function cut(events: readonly WireEvent[], sizes: readonly number[]): WireEvent[] {
  let turn = 0;
  return events.flatMap(({ direction, bytes }) => {
    const pieces: WireEvent[] = [];
    for (let at = 0; at < bytes.length; ) {
      const size = Math.max(1, sizes[turn++ % sizes.length] ?? 1);
      pieces.push({ direction, bytes: bytes.subarray(at, at + size) });
      at += size;
    }
    return pieces;
  });
}

export interface Hole {
  readonly direction: Direction;
  /** Where it begins, as a share of the direction's bytes. */
  readonly at: number;
  readonly bytes: number;
}

export const holes: fc.Arbitrary<readonly Hole[]> = fc.array(
  fc.record({
    direction: fc.constantFrom<Direction>('egress', 'ingress'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    bytes: fc.oneof(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 40, max: 300 })),
  }),
  { minLength: 1, maxLength: 5 },
);

/** How many events it takes to see how a client with a window sends: its first requests and the first response. */
export function openingEvents({ style, events }: Conversation): number {
  return style === 'window' ? events.findIndex(({ direction }) => direction === 'ingress') + 1 : 0;
}

/**
 * Take the holes out of the events. As a source sees it: that bytes are missing shows only when the next bytes of
 * the direction arrive, or at the end.
 */
export function withHoles(talk: Conversation, events: readonly WireEvent[], list: readonly Hole[]): ParserStep[] {
  const intact = { egress: 0, ingress: 0 };
  for (const event of talk.events.slice(0, openingEvents(talk))) intact[event.direction] += event.bytes.length;
  const totals = { egress: 0, ingress: 0 };
  for (const { direction, bytes } of events) totals[direction] += bytes.length;
  const isLost = (direction: Direction, offset: number) =>
    list.some((hole) => {
      const from = Math.floor(hole.at * totals[hole.direction]);
      return hole.direction === direction && offset >= Math.max(from, intact[direction]) && offset < from + hole.bytes;
    });
  const offsets = { egress: 0, ingress: 0 };
  const missing = { egress: 0, ingress: 0 };
  const steps: ParserStep[] = [];
  for (const { direction, bytes } of events) {
    for (let at = 0; at < bytes.length; ) {
      const lost = isLost(direction, offsets[direction] + at);
      let end = at;
      while (end < bytes.length && isLost(direction, offsets[direction] + end) === lost) end++;
      if (lost) {
        missing[direction] += end - at;
      } else {
        if (missing[direction] > 0) steps.push({ direction, gapBytes: missing[direction] });
        missing[direction] = 0;
        steps.push({ direction, bytes: bytes.subarray(at, end) });
      }
      at = end;
    }
    offsets[direction] += bytes.length;
  }
  for (const direction of ['egress', 'ingress'] as const) {
    if (missing[direction] > 0) steps.push({ direction, gapBytes: missing[direction] });
  }
  return steps;
}
