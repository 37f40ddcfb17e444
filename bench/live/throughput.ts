// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { Agent, type CaptureResult } from './agent.js';
import { type CapturedRun, type CaptureSummary, summarizeCaptures } from './capture-summary.js';
import { attachEmptyProbes } from './empty-probes.js';
import type { LoadedServer, Scheme } from './loaded-server.js';
import { untilQuiet, watchOthers } from './machine.js';
import type { LiveOptions } from './options.js';
import { cpuSeconds } from './process-usage.js';
import { median, medianRatio, shuffled } from './statistics.js';
import { prepareWrk, type RunWrk } from './wrk.js';

const WARM_UP_SECONDS = 1;

export type Variant = 'alone' | 'empty-probes' | 'flowtap';

interface Setting {
  readonly scheme: Scheme;
  readonly server: LoadedServer;
  readonly directory: string;
  readonly seconds: number;
  readonly runWrk: RunWrk;
}

/** One run of wrk at full speed. */
export interface ThroughputRun {
  readonly variant: Variant;
  readonly requestsPerSecond: number;
  /** Requests that the server has read, by its own count. */
  readonly requests: number;
  /** Requests whose answer wrk has read: less than the above by what was under way when it stopped. */
  readonly answered: number;
  /** Of one core, while the load lasted. */
  readonly serverCpuShare: number;
  readonly agentCpuShare?: number;
  /** Of one core, by programs that are no part of the benchmark. */
  readonly othersCpuShare: number;
  readonly capture?: CaptureResult;
}

export interface ThroughputResult {
  readonly scheme: Scheme;
  readonly runs: readonly ThroughputRun[];
  readonly variants: readonly VariantSummary[];
  /** Requests per second with Flowtap ÷ those with empty probes in the same round; absent without such runs. */
  readonly ratioToEmptyProbes?: number;
  readonly capture: CaptureSummary;
}

export interface VariantSummary {
  readonly variant: Variant;
  readonly requestsPerSecond: number;
  /** Requests per second ÷ those of the same round without capture. */
  readonly ratio: number;
  readonly serverCpuShare: number;
  readonly othersCpuShare: number;
}

/** Lets the variants take turns, in an order of chance within each round. */
export async function measureThroughput(
  scheme: Scheme,
  server: LoadedServer,
  directory: string,
  { rounds, seconds, quietLimitMs, say }: LiveOptions,
): Promise<ThroughputResult> {
  const runWrk = await prepareWrk(directory);
  const setting: Setting = { scheme, server, directory, seconds, runWrk };
  const runs: ThroughputRun[] = [];
  const variants = await usableVariants(setting, say);
  await runWrk(server.url(scheme), 1);
  for (let round = 1; round <= rounds; round++) {
    for (const variant of shuffled(variants)) {
      await untilQuiet(quietLimitMs);
      const run = await runVariant(variant, setting);
      say(
        `${scheme}, round ${round} of ${rounds}, ${variant}: ${Math.round(run.requestsPerSecond)} requests/s${others(run)}`,
      );
      runs.push(run);
    }
  }
  const captured = runsOf(runs, 'flowtap').filter(
    (run): run is ThroughputRun & CapturedRun => run.capture !== undefined,
  );
  return {
    scheme,
    runs,
    ...(variants.includes('empty-probes') ? { ratioToEmptyProbes: ratioOf(runs, 'flowtap', 'empty-probes') } : {}),
    variants: variants.map((variant) => summarize(variant, runs)),
    capture: summarizeCaptures(captured),
  };
}

/** bpftrace is a yardstick only: where it does not work, the rest is measured all the same. */
async function usableVariants(
  { scheme, server }: Setting,
  say: (message: string) => void,
): Promise<readonly Variant[]> {
  try {
    const detach = await attachEmptyProbes(scheme, server);
    await detach();
  } catch (error) {
    say(`${scheme}: no run with empty probes, ${(error as Error).message}`);
    return ['alone', 'flowtap'];
  }
  return ['alone', 'empty-probes', 'flowtap'];
}

function others({ othersCpuShare }: ThroughputRun): string {
  return othersCpuShare < 0.1 ? '' : ` (other programs took ${Math.round(othersCpuShare * 100)} % of a core)`;
}

async function runVariant(variant: Variant, setting: Setting): Promise<ThroughputRun> {
  // Asked before and after a capture, because the question is a request too; it counts itself.
  const before = await setting.server.requests();
  const run = await runLoadWith(variant, setting);
  const requests = (await setting.server.requests()) - before - 1;
  return { variant, requests, ...run };
}

async function runLoadWith(variant: Variant, setting: Setting): Promise<Omit<ThroughputRun, 'variant' | 'requests'>> {
  const { scheme, server, directory } = setting;
  switch (variant) {
    case 'alone':
      return await runLoad(setting);
    case 'empty-probes': {
      const detach = await attachEmptyProbes(scheme, server);
      try {
        return await runLoad(setting);
      } finally {
        await detach();
      }
    }
    case 'flowtap': {
      const agent = await Agent.attach(server.workerPid, join(directory, 'capture'));
      try {
        const cpuBefore = cpuSeconds(agent.pid);
        const load = await runLoad(setting, [agent.pid]);
        const agentCpuShare = (cpuSeconds(agent.pid) - cpuBefore) / load.seconds;
        return { ...load, agentCpuShare, capture: await agent.finish() };
      } finally {
        await agent.abort();
      }
    }
  }
}

async function runLoad({ scheme, server, seconds, runWrk }: Setting, agents: readonly number[] = []) {
  // Of every variant alike: what is compared is the steady state, not the compiling of the first second.
  await runWrk(server.url(scheme), WARM_UP_SECONDS);
  const othersShare = watchOthers([server.workerPid, ...agents]);
  const cpuBefore = cpuSeconds(server.workerPid);
  const start = performance.now();
  const { requestsPerSecond, requests: answered } = await runWrk(server.url(scheme), seconds);
  const elapsedSeconds = (performance.now() - start) / 1000;
  const serverCpuShare = (cpuSeconds(server.workerPid) - cpuBefore) / elapsedSeconds;
  return { requestsPerSecond, answered, serverCpuShare, othersCpuShare: othersShare(), seconds: elapsedSeconds };
}

function summarize(variant: Variant, runs: readonly ThroughputRun[]): VariantSummary {
  const own = runsOf(runs, variant);
  return {
    variant,
    requestsPerSecond: median(ratesOf(runs, variant)),
    ratio: ratioOf(runs, variant, 'alone'),
    serverCpuShare: median(own.map(({ serverCpuShare }) => serverCpuShare)),
    othersCpuShare: median(own.map(({ othersCpuShare }) => othersCpuShare)),
  };
}

function ratioOf(runs: readonly ThroughputRun[], variant: Variant, base: Variant): number {
  return medianRatio(ratesOf(runs, variant), ratesOf(runs, base));
}

function ratesOf(runs: readonly ThroughputRun[], variant: Variant): readonly number[] {
  return runsOf(runs, variant).map(({ requestsPerSecond }) => requestsPerSecond);
}

function runsOf(runs: readonly ThroughputRun[], variant: Variant): readonly ThroughputRun[] {
  return runs.filter((run) => run.variant === variant);
}
