// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LatencyResult, measureLatency } from './latency.js';
import type { LiveOptions } from './options.js';
import { measureThroughput, type ThroughputResult } from './throughput.js';
import { startWebServer } from './web-server.js';

export interface LiveResult {
  readonly http: ThroughputResult;
  readonly https: ThroughputResult;
  readonly latency: LatencyResult;
}

/** nginx under load, with and without capture. Needs Linux and root. */
export async function measureLive(options: LiveOptions): Promise<LiveResult> {
  const directory = await mkdtemp(join(tmpdir(), 'flowtap-bench-'));
  try {
    const server = await startWebServer(directory);
    try {
      const http = await measureThroughput('http', server, directory, options);
      const https = await measureThroughput('https', server, directory, options);
      return { http, https, latency: await measureLatency(server, directory, options) };
    } finally {
      await server.stop();
    }
  } finally {
    await rm(directory, { recursive: true });
  }
}
