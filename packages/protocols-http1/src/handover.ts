// SPDX-License-Identifier: Apache-2.0
import type { Handover, ParsedExchange, StreamChunk } from '@flowtap/core';
import type { Exchange } from './exchange.js';
import type { Message } from './message.js';
import type { Side } from './side.js';

/** Whether the response ends HTTP/1 on the connection: 101 (RFC 9110 §15.2.2) or 2xx to CONNECT (§9.3.6). */
export function switchesProtocol(exchange: Exchange, response: Message): boolean {
  const { start } = response.head;
  if (start.kind !== 'response') return false;
  if (start.status === 101) return true;
  return exchange.method === 'CONNECT' && !exchange.isTentative && start.status >= 200 && start.status < 300;
}

/** The protocol that the server switches to, by its lower-case token; nothing for a tunnel or TLS, where detection tells. */
export function nextProtocol(response: Message): string | undefined {
  const token = response.head.upgrade?.split(',')[0]?.trim().toLowerCase();
  return token === undefined || token === '' || token.startsWith('tls/') ? undefined : token;
}

/** Everything behind the last HTTP message of each direction that has arrived already. `exchange`: the one that switched. */
export function makeHandover(
  ingress: Side,
  egress: Side,
  switchedBy: Message,
  exchange: ParsedExchange | undefined,
): Handover {
  const leftover = [...restOf(ingress), ...restOf(egress)].sort((a, b) => a.timestampNs - b.timestampNs);
  const offsets = { ingressOffset: ingress.position, egressOffset: egress.position, leftover };
  const to = nextProtocol(switchedBy);
  return { ...offsets, ...(to === undefined ? {} : { to }), ...(exchange === undefined ? {} : { exchange }) };
}

/** Up to the first gap: bytes behind it would look as if they followed directly. */
function restOf(side: Side): readonly StreamChunk[] {
  const chunks: StreamChunk[] = [];
  for (let item = side.held.shift(); item?.kind === 'chunk'; item = side.held.shift()) chunks.push(item.chunk);
  return chunks;
}
