// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { temporaryPath } from '../../test/temporary-directory.js';
import { ReplaySource } from '../event-log/replay-source.js';
import type { Flow } from '../flow/flow.js';
import { createTap } from '../tap/tap.js';
import { collectFlows } from './collect-flows.js';
import { FakeConnection, processEvent } from './fake-connection.js';
import { lineProtocol } from './line-protocol.js';
import { recordEvents } from './record-events.js';

it('events that were built give the same flows at once and from a log', async () => {
  const connection = new FakeConnection();
  const events = [
    processEvent(),
    connection.connect(),
    connection.ingress('ASK one\n'),
    connection.egress('SAY 1\n'),
    connection.close(),
  ];
  const protocols = [lineProtocol()];
  const direct = await collectFlows(events, { protocols });
  expect(direct.map(({ kind, process }) => [kind, process.comm])).toEqual([['flow', 'server']]);

  const path = temporaryPath('events.flowlog');
  await recordEvents(path, events);
  const replayed: Flow[] = [];
  const tap = createTap({ source: new ReplaySource({ path }), protocols, redact: false });
  tap.on('flow', (flow) => replayed.push(flow));
  await tap.start();
  await tap.ended;
  const withoutId = ({ id: _, ...flow }: Flow) => flow;
  expect(replayed.map(withoutId)).toEqual(direct.map(withoutId));
});
