// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LatencyResult, measureLatency } from './latency.js';
import { startNodeServer } from './node-server.js';
import type { LiveOptions } from './options.js';
import { measureThroughput, type ThroughputResult } from './throughput.js';
import { startWebServer, type WebServer } from './web-server.js';

/** nginx over plain HTTP and over TLS, Node.js over TLS, latency of nginx at a fixed rate. */
export const LIVE_PARTS = ['http', 'https', 'node', 'latency'] as const;
export type LivePart = (typeof LIVE_PARTS)[number];

/** Of the parts that were asked for. */
export interface LiveResult {
  readonly http?: ThroughputResult;
  readonly https?: ThroughputResult;
  /** Of Node.js over TLS. */
  readonly node?: ThroughputResult;
  readonly latency?: LatencyResult;
}

/** nginx and Node.js under load, with and without capture. Needs Linux and root. */
export async function measureLive(parts: ReadonlySet<LivePart>, options: LiveOptions): Promise<LiveResult> {
  const directory = await mkdtemp(join(tmpdir(), 'flowtap-bench-'));
  try {
    const server = await startWebServer(directory);
    const nginx = (scheme: 'http' | 'https') => measureThroughput(scheme, server, directory, options);
    try {
      return {
        ...(parts.has('http') && { http: await nginx('http') }),
        ...(parts.has('https') && { https: await nginx('https') }),
        ...(parts.has('node') && { node: await measureNode(server, directory, options) }),
        ...(parts.has('latency') && { latency: await measureLatency(server, directory, options) }),
      };
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
