// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest, HttpResponse, ParsedExchange, ParserContext, ProtocolPlugin } from '@flowtap/core';
import type { Contender } from './contender.js';

const LIMITS = { maxHeaderBytes: 65_536, maxBodyBytes: 1_048_576, maxPendingExchanges: 1000 };

/** The protocol plugin without the tap around it. */
export function flowtapParser(plugin: ProtocolPlugin): Contender {
  return (corpus) => () => {
    const tally = { messages: 0, bodyBytes: 0, headers: 0 };
    const add = (message: HttpRequest | HttpResponse) => {
      tally.messages += 1;
      tally.headers += message.headers.length;
      tally.bodyBytes += message.body.bytes.length;
    };
    for (const [index, chunks] of corpus.connections.entries()) {
      const parser = plugin.createParser(
        contextOf(index, (exchange) => {
          if (exchange.request !== undefined) add(exchange.request as HttpRequest);
          if (exchange.response !== undefined) add(exchange.response as HttpResponse);
        }),
      );
      const offsets = { ingress: 0, egress: 0 };
      let timestampNs = 1;
      for (const { direction, bytes } of chunks) {
        parser.data({ direction, offset: offsets[direction], bytes, timestampNs: timestampNs++ });
        offsets[direction] += bytes.length;
      }
      parser.close('closed', timestampNs);
    }
    return tally;
  };
}

function contextOf(id: number, emit: (exchange: ParsedExchange) => void): ParserContext {
  return {
    connection: { id, role: 'client', transport: 'tcp', joinedLate: false },
    layer: 'raw',
    tls: false,
    role: 'client',
    joinedLate: false,
    limits: LIMITS,
    wantsUpdates: false,
    open: () => undefined,
    emit,
    handover: () => {},
    count: () => {},
  };
}
