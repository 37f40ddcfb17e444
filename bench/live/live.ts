// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LatencyResult, measureLatency } from './latency.js';
import { startNodeServer } from './node-server.js';
import type { LiveOptions } from './options.js';
import { measureThroughput, type ThroughputResult } from './throughput.js';
import { startWebServer, type WebServer } from './web-server.js';

export interface LiveResult {
  readonly http: ThroughputResult;
  readonly https: ThroughputResult;
  /** Of Node.js over TLS. */
  readonly node: ThroughputResult;
  readonly latency: LatencyResult;
}

/** nginx and Node.js under load, with and without capture. Needs Linux and root. */
export async function measureLive(options: LiveOptions): Promise<LiveResult> {
  const directory = await mkdtemp(join(tmpdir(), 'flowtap-bench-'));
  try {
    const server = await startWebServer(directory);
    try {
      const http = await measureThroughput('http', server, directory, options);
      const https = await measureThroughput('https', server, directory, options);
      const node = await measureNode(server, directory, options);
      return { http, https, node, latency: await measureLatency(server, directory, options) };
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}

async function measureNode(
  { certificate }: WebServer,
  directory: string,
  options: LiveOptions,
): Promise<ThroughputResult> {
  const server = await startNodeServer(directory, certificate);
  try {
    const say = (message: string) => options.say(`Node.js ${message}`);
    return await measureThroughput('https', server, directory, { ...options, say });
  } finally {
    await server.stop();
  }
}
