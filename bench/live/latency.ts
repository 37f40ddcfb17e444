// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Agent, type CaptureResult } from './agent.js';
import { type CapturedRun, type CaptureSummary, summarizeCaptures } from './capture-summary.js';
import { runCommand } from './child.js';
import { untilQuiet } from './machine.js';
import type { LiveOptions } from './options.js';
import { cpuSeconds } from './process-usage.js';
import { median, medianRatio, shuffled } from './statistics.js';
import type { WebServer } from './web-server.js';
import { CONNECTIONS } from './wrk.js';

export const REQUESTS_PER_SECOND = 2000;
/** A process of Node.js compiles its busiest functions while they run: what lasts is asked for, not the first second. */
const WARM_UP_SECONDS = 2;
const COMPILE_TIMEOUT_MS = 60_000;
/** From bench/dist/, where the benchmark is bundled to. */
const SOURCE = fileURLToPath(new URL('../live/fixed-rate.c', import.meta.url));

/** What fixed-rate.c prints. */
interface Load {
  readonly requests: number;
  readonly unanswered: number;
  readonly p50Us: number;
  readonly p99Us: number;
  readonly maxUs: number;
}

export interface LatencyRun extends Load {
  readonly variant: 'alone' | 'flowtap';
  /** Of one core. */
  readonly agentCpuShare?: number;
  readonly capture?: CaptureResult;
}

export interface LatencyResult {
  readonly requestsPerSecond: number;
  readonly runs: readonly LatencyRun[];
  readonly alone: Percentiles;
  readonly flowtap: Percentiles;
  /** With capture ÷ without it in the same round. */
  readonly p50Ratio: number;
  readonly p99Ratio: number;
  readonly capture: CaptureSummary;
}

export interface Percentiles {
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Latency at a load that leaves the server idle most of the time, over plain HTTP. */
export async function measureLatency(
  server: WebServer,
  directory: string,
  { latencyRounds: rounds, seconds, quietLimitMs, say }: LiveOptions,
): Promise<LatencyResult> {
  const generator = join(directory, 'fixed-rate');
  await runCommand('cc', ['-O2', '-o', generator, SOURCE], COMPILE_TIMEOUT_MS);
  const load = async (length: number): Promise<Load> => {
    const numbers = [server.httpPort, '/file.txt', REQUESTS_PER_SECOND, length, CONNECTIONS].map(String);
    return JSON.parse(await runCommand(generator, numbers, (length + 20) * 1000));
  };
  const runs: LatencyRun[] = [];
  for (let round = 1; round <= rounds; round++) {
    for (const variant of shuffled<LatencyRun['variant']>(['alone', 'flowtap'])) {
      await untilQuiet(quietLimitMs);
      const run = await (variant === 'alone'
        ? loadAlone(load, seconds)
        : loadCaptured(load, seconds, server, directory));
      say(
        `${REQUESTS_PER_SECOND}/s, round ${round} of ${rounds}, ${variant}: p50 ${run.p50Us} µs, p99 ${run.p99Us} µs`,
      );
      runs.push(run);
    }
  }
  return summarize(runs);
}

async function loadAlone(load: (length: number) => Promise<Load>, seconds: number): Promise<LatencyRun> {
  await load(WARM_UP_SECONDS);
  return { variant: 'alone', ...(await load(seconds)) };
}

async function loadCaptured(
  load: (length: number) => Promise<Load>,
  seconds: number,
  server: WebServer,
  directory: string,
): Promise<LatencyRun> {
  const agent = await Agent.attach(server.workerPid, join(directory, 'capture'));
  try {
    const warmUp = await load(WARM_UP_SECONDS);
    const start = performance.now();
    const cpuBefore = cpuSeconds(agent.pid);
    const run = await load(seconds);
    const agentCpuShare = (cpuSeconds(agent.pid) - cpuBefore) / ((performance.now() - start) / 1000);
    const requests = warmUp.requests + run.requests;
    return { variant: 'flowtap', ...run, requests, agentCpuShare, capture: await agent.finish() };
  } finally {
    await agent.abort();
  }
}

function summarize(runs: readonly LatencyRun[]): LatencyResult {
  const alone = runs.filter(({ variant }) => variant === 'alone');
  const flowtap = runs.filter(({ variant }) => variant === 'flowtap');
  const middle = (of: readonly LatencyRun[]): Percentiles => ({
    p50Us: median(of.map(({ p50Us }) => p50Us)),
    p99Us: median(of.map(({ p99Us }) => p99Us)),
  });
  const ratio = (name: keyof Percentiles) =>
    medianRatio(
      flowtap.map((run) => run[name]),
      alone.map((run) => run[name]),
    );
  return {
    requestsPerSecond: REQUESTS_PER_SECOND,
    runs,
    alone: middle(alone),
    flowtap: middle(flowtap),
    p50Ratio: ratio('p50Us'),
    p99Ratio: ratio('p99Us'),
    capture: summarizeCaptures(flowtap.filter((run): run is LatencyRun & CapturedRun => run.capture !== undefined)),
  };
}
