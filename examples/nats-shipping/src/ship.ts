// SPDX-License-Identifier: Apache-2.0
// ship.js --pid <n> [--server host:port] [--host name]: captures a process and what it starts, and ships its flows.
import { parseArgs } from 'node:util';
import { BpfSource } from '@flowtap/bpf-native';
import { createTap, type Logger } from '@flowtap/core';
import { http1 } from '@flowtap/protocols-http1';
import { http2 } from '@flowtap/protocols-http2';
import { natsExporter } from './nats-exporter.js';

const { values } = parseArgs({
  options: {
    pid: { type: 'string' },
    server: { type: 'string', multiple: true, default: ['127.0.0.1:4222'] },
    host: { type: 'string' },
  },
});
const pid = Number(values.pid);
if (!Number.isSafeInteger(pid) || pid <= 0) {
  process.stderr.write('Usage: ship.js --pid <n> [--server host:port]… [--host name]\n');
  process.exit(2);
}

const say = (message: string): void => void process.stderr.write(`${message}\n`);
const logger: Logger = { debug: () => {}, info: () => {}, warn: say, error: say };

const tap = createTap({
  source: new BpfSource({ targets: [{ pid }], logger }),
  protocols: [http2(), http1()],
  exporters: [
    natsExporter({ servers: values.server, logger, ...(values.host === undefined ? {} : { host: values.host }) }),
  ],
  logger,
});
await tap.start();
say('capturing');
await new Promise((resolve) => process.once('SIGINT', resolve).once('SIGTERM', resolve));
await tap.stop();
process.stdout.write(`${JSON.stringify(tap.stats())}\n`);
