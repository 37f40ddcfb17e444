// SPDX-License-Identifier: Apache-2.0
// consume.js [--server host:port] [--name consumer]: prints each flow that arrives as a line of JSON, and each but once.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { consumeFlows } from './flow-consumer.js';

const { values } = parseArgs({
  options: {
    server: { type: 'string', multiple: true, default: ['127.0.0.1:4222'] },
    name: { type: 'string', default: 'printer' },
  },
});

const end = new AbortController();
process.once('SIGINT', () => end.abort()).once('SIGTERM', () => end.abort());
let arrived = 0;
let duplicates = 0;
for await (const { json, isDuplicate } of consumeFlows({
  servers: values.server,
  name: values.name,
  signal: end.signal,
})) {
  arrived += 1;
  if (isDuplicate) duplicates += 1;
  else if (!process.stdout.write(`${json}\n`)) await once(process.stdout, 'drain');
}
process.stderr.write(`${arrived} arrived, ${duplicates} of them duplicates\n`);
