// SPDX-License-Identifier: Apache-2.0
// [--quick] [pipeline] [start] [live] [http] [https] [node] [latency]: everything unless parts are named; the last four are those of
// `live`. Prints tables and targets; writes bench/results/<time>.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { fileURLToPath } from 'node:url';
import { formatGrpc, type GrpcResult, grpcTargets, measureGrpc } from './grpc-part.js';
import { formatHttp2, type Http2Result, http2Targets, measureHttp2 } from './http2-part.js';
import { LIVE_PARTS, type LivePart, type LiveResult, measureLive } from './live/live.js';
import { formatLive, liveTargets } from './live/report.js';
import { formatPipeline, measurePipeline, type PipelineResult, pipelineTargets } from './pipeline-part.js';
import { formatStart, measureStart, type StartResult, startTargets } from './start-part.js';
import { formatTargets, type Target } from './target.js';

const FULL = {
  pipeline: { rounds: 7, roundMs: 300 },
  start: { rounds: 31, quietLimitMs: 20_000 },
  live: { rounds: 5, latencyRounds: 11, seconds: 4, quietLimitMs: 20_000 },
};
const QUICK = {
  pipeline: { rounds: 3, roundMs: 100 },
  start: { rounds: 7, quietLimitMs: 3000 },
  live: { rounds: 3, latencyRounds: 3, seconds: 2, quietLimitMs: 3000 },
};
/** From bench/dist/, where the benchmark is bundled to. */
const RESULTS = fileURLToPath(new URL('../results/', import.meta.url));

interface Results {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly pipeline?: PipelineResult;
  readonly http2?: Http2Result;
  readonly grpc?: GrpcResult;
  readonly start?: StartResult;
  readonly live?: LiveResult;
  readonly targets: readonly Target[];
}

async function main(args: readonly string[]): Promise<number> {
  const known = ['--quick', 'pipeline', 'start', 'live', ...LIVE_PARTS];
  const unknown = args.find((argument) => !known.includes(argument));
  if (unknown !== undefined) {
    process.stderr.write(`! unknown argument ${unknown}; there are: ${known.join(', ')}\n`);
    return 2;
  }
  const settings = args.includes('--quick') ? QUICK : FULL;
  const isEverything = args.every((argument) => argument === '--quick');
  const wantsPipeline = isEverything || args.includes('pipeline');
  const liveParts = new Set<LivePart>(
    isEverything || args.includes('live') ? LIVE_PARTS : LIVE_PARTS.filter((part) => args.includes(part)),
  );

  const pipeline = wantsPipeline ? await measurePipeline(settings.pipeline, say) : undefined;
  const http2 = wantsPipeline ? await measureHttp2(settings.pipeline, say) : undefined;
  const grpc = wantsPipeline ? await measureGrpc(settings.pipeline, say) : undefined;
  const wantsStart = isEverything || args.includes('start');
  const wantsLive = liveParts.size > 0;
  const obstacle = wantsStart || wantsLive ? whyNotLive() : undefined;
  if (obstacle !== undefined) process.stderr.write(`! what captures is skipped: ${obstacle}\n`);
  const canCapture = obstacle === undefined;
  const start = wantsStart && canCapture ? await measureStart(settings.start, say) : undefined;
  const live = wantsLive && canCapture ? await measureLive(liveParts, { ...settings.live, say }) : undefined;

  const targets = [
    ...(pipeline === undefined ? [] : pipelineTargets(pipeline)),
    ...(http2 === undefined ? [] : http2Targets(http2)),
    ...(grpc === undefined ? [] : grpcTargets(grpc)),
    ...(start === undefined ? [] : startTargets(start)),
    ...(live === undefined ? [] : liveTargets(live)),
  ];
  const results: Results = {
    machine: machine(),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(http2 === undefined ? {} : { http2 }),
    ...(grpc === undefined ? {} : { grpc }),
    ...(start === undefined ? {} : { start }),
    ...(live === undefined ? {} : { live }),
    targets,
  };
  if (pipeline !== undefined) process.stdout.write(`\n${formatPipeline(pipeline)}`);
  if (http2 !== undefined) process.stdout.write(`\n${formatHttp2(http2)}`);
  if (grpc !== undefined) process.stdout.write(`\n${formatGrpc(grpc)}`);
  if (start !== undefined) process.stdout.write(`\n${formatStart(start)}`);
  if (live !== undefined) process.stdout.write(`\n${formatLive(live)}`);
  process.stdout.write(`\nTargets:\n${formatTargets(targets)}\n`);
  say(`written to ${writeResults(results)}`);
  // A missed target is a result, not a failure: what it says depends on the machine and on what else that does.
  return obstacle === undefined ? 0 : 1;
}

function whyNotLive(): string | undefined {
  if (process.platform !== 'linux') return `it needs Linux, this is ${process.platform}.`;
  if (process.getuid?.() !== 0) return 'it needs root.';
  return undefined;
}

function machine(): Results['machine'] {
  const [first] = cpus();
  return {
    time: new Date().toISOString(),
    node: process.version,
    kernel: release(),
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
  };
}

function writeResults(results: Results): string {
  mkdirSync(RESULTS, { recursive: true });
  const path = `${RESULTS}${String(results.machine['time']).replace(/[:.]/g, '-')}.json`;
  writeFileSync(path, `${JSON.stringify(results, undefined, 2)}\n`);
  return path;
}

function say(message: string): void {
  process.stdout.write(`› ${message}\n`);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`! ${(error as Error).message}\n`);
  process.exitCode = 1;
}
