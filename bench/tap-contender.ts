// SPDX-License-Identifier: Apache-2.0
import {
  createTap,
  type Exporter,
  type Flow,
  type HttpRequest,
  type HttpResponse,
  jsonLines,
  type ProtocolPlugin,
} from '@flowtap/core';
import { FakeConnection, FakeSource } from '@flowtap/core/testing';
import type { Contender, RunResult } from './pipeline/contender.js';

/** The whole way from the events of a source to redacted flows, as a user of the SDK gets them. */
export function tapContender(plugin: ProtocolPlugin, exporters: () => readonly Exporter[]): Contender {
  return (corpus) => {
    const connections = corpus.connections.map((chunks, index) => {
      const connection = new FakeConnection({ id: index + 1, role: 'client' }, { fd: index + 7 });
      const connect = connection.connect();
      const data = chunks.map(({ direction, bytes }) => connection[direction](bytes));
      return [connect, ...data, connection.close()];
    });
    return async () => {
      const source = new FakeSource();
      const tap = createTap({ source, protocols: [plugin], exporters: exporters() });
      const tally = { messages: 0, bodyBytes: 0, headers: 0 };
      tap.on('flow', (flow) => addFlow(tally, flow));
      await tap.start();
      for (const events of connections) source.play(...events);
      await tap.stop();
      return tally;
    };
  };
}

/** The same, with each flow written as a line of JSON. */
export function writingTapContender(plugin: ProtocolPlugin): Contender {
  return tapContender(plugin, () => [jsonLines({ path: '/dev/null' })]);
}

function addFlow(tally: { -readonly [key in keyof RunResult]: RunResult[key] }, flow: Flow): void {
  if (flow.kind !== 'flow') return;
  for (const message of [flow.request as HttpRequest | undefined, flow.response as HttpResponse | undefined]) {
    if (message === undefined) continue;
    tally.messages += 1;
    tally.headers += message.headers.length;
    tally.bodyBytes += message.body.bytes.length;
  }
}
