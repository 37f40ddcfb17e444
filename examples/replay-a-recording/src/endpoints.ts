// SPDX-License-Identifier: Apache-2.0
// node dist/endpoints.js <recording>: which endpoints a recording has, how often they were asked, and how they answered.
import { createTap, type Flow, isHttpMessage, pathOfTarget, ReplaySource } from '@flowtap/core';
import { http1 } from '@flowtap/protocols-http1';
import { http2 } from '@flowtap/protocols-http2';

interface Endpoint {
  readonly durationsMs: number[];
  readonly statuses: Set<number>;
}

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: endpoints.js <recording>\n');
  process.exit(2);
}

const endpoints = new Map<string, Endpoint>();

function note({ request, response, durationMs }: Extract<Flow, { kind: 'flow' }>): void {
  if (!isHttpMessage(request)) return;
  const name = `${request.method} ${pathOfTarget(request.target) ?? request.target}`;
  const endpoint = endpoints.get(name) ?? { durationsMs: [], statuses: new Set() };
  endpoints.set(name, endpoint);
  endpoint.durationsMs.push(durationMs);
  if (isHttpMessage(response)) endpoint.statuses.add(response.status);
}

await using tap = createTap({ source: new ReplaySource({ path }), protocols: [http2(), http1()] });
// Asked for before the start, so that it misses nothing; a replay waits for its consumers.
const flows = tap.flows({ where: (flow) => flow.kind === 'flow' });
await tap.start();
for await (const flow of flows) note(flow);

for (const [name, { durationsMs, statuses }] of endpoints) {
  const slowest = Math.max(...durationsMs).toFixed(1);
  process.stdout.write(
    `${name}: ${durationsMs.length} requests, status ${[...statuses].join(', ')}, slowest ${slowest} ms\n`,
  );
}
