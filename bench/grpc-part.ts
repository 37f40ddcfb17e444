// SPDX-License-Identifier: Apache-2.0
import { type ExchangeFlow, type Exporter, ExportPipeline } from '@flowtap/core';
import { flowtapCollector, trayceGui } from '@flowtap/grpc-exporter';
import { benchFlows } from './grpc/flows.js';
import { SinkProcess } from './grpc/sink-process.js';
import { median } from './live/statistics.js';
import type { MeasureOptions } from './pipeline/measure.js';
import { formatCount, formatTable } from './table.js';
import type { Target } from './target.js';

/** As an exporter without batches does it: a tap has one export under way at a time. */
const UNARY = 'one flow per call';
const UNARY_AT_ONCE = 'one flow per call, 32 calls at once';
const MIN_RATIO = 10;
const FLOWS = 4096;
const UNARY_FLOWS = 512;
const WARM_UPS = 3;

interface Way {
  readonly name: string;
  /** Messages that a flow is sent as. */
  readonly messages: number;
  readonly flows: readonly ExchangeFlow[];
  send(flows: readonly ExchangeFlow[]): Promise<void>;
  stop(): Promise<void>;
}

export interface GrpcResult {
  readonly ways: readonly { readonly name: string; readonly flowsPerSecond: number }[];
}

/** How fast flows get to a gRPC server on loopback. */
export async function measureGrpc(
  { rounds, roundMs }: MeasureOptions,
  say: (message: string) => void,
): Promise<GrpcResult> {
  say('gRPC');
  const sink = await SinkProcess.start();
  const { address } = sink;
  const ways = [
    unaryWay(UNARY, trayceGui({ address }), 1),
    unaryWay(UNARY_AT_ONCE, trayceGui({ address }), 32),
    await batchWay('the desktop GUI, batches', trayceGui({ address }), 2),
    await batchWay('flowtap.v1, a stream of batches', flowtapCollector({ address }), 1),
  ];
  const rates = new Map(ways.map((way) => [way, [] as number[]]));
  for (const way of ways) for (let i = 0; i < WARM_UPS; i++) await way.send(way.flows);
  let sent = ways.reduce((sum, { flows, messages }) => sum + WARM_UPS * flows.length * messages, 0);
  for (let round = 0; round < rounds; round++) {
    for (const way of ways) {
      const { flowsPerSecond, flows } = await runFor(way, roundMs);
      rates.get(way)?.push(flowsPerSecond);
      sent += flows * way.messages;
    }
  }
  const arrived = await sink.flows();
  for (const way of ways) await way.stop();
  await sink.stop();
  if (arrived !== sent) throw new Error(`${arrived} messages arrived of ${sent}`);
  return { ways: ways.map((way) => ({ name: way.name, flowsPerSecond: median(rates.get(way) ?? []) })) };
}

async function runFor(way: Way, roundMs: number): Promise<{ flowsPerSecond: number; flows: number }> {
  const startMs = performance.now();
  let flows = 0;
  let elapsedMs = 0;
  while (elapsedMs < roundMs) {
    await way.send(way.flows);
    flows += way.flows.length;
    elapsedMs = performance.now() - startMs;
  }
  return { flowsPerSecond: (flows / elapsedMs) * 1000, flows };
}

function unaryWay(name: string, exporter: Exporter, calls: number): Way {
  return {
    name,
    messages: 2,
    flows: benchFlows(UNARY_FLOWS),
    send: async (flows) => {
      const lanes = Array.from({ length: calls }, async (_, lane) => {
        const { signal } = new AbortController();
        for (let i = lane; i < flows.length; i += calls) {
          const { status } = await exporter.export(flows.slice(i, i + 1), { signal });
          if (status !== 'ok') throw new Error(`${exporter.name}: an export ended as ${status}`);
        }
      });
      await Promise.all(lanes);
    },
    stop: () => exporter.shutdown(),
  };
}

/** As a tap does it. */
async function batchWay(name: string, exporter: Exporter, messages: number): Promise<Way> {
  const pipeline = new ExportPipeline(exporter, exporter.pipeline ?? {});
  await pipeline.start();
  return {
    name,
    messages,
    flows: benchFlows(FLOWS),
    send: async (flows) => {
      for (const flow of flows) if (!pipeline.push(flow)) throw new Error(`${exporter.name}: a flow was dropped`);
      await pipeline.flush();
    },
    stop: () => pipeline.shutdown(),
  };
}

export function formatGrpc({ ways }: GrpcResult): string {
  const base = rateOf(ways, UNARY);
  const rows = ways.map(({ name, flowsPerSecond }) => [
    name,
    formatCount(flowsPerSecond),
    (flowsPerSecond / base).toFixed(1),
  ]);
  return `gRPC on loopback, flows of about 1.7 KB:\n${formatTable(['', 'flows/s', `÷ ${UNARY}`], rows)}`;
}

export function grpcTargets({ ways }: GrpcResult): readonly Target[] {
  return ways
    .filter(({ name }) => name !== UNARY && name !== UNARY_AT_ONCE)
    .map(({ name, flowsPerSecond }) => {
      const ratio = flowsPerSecond / rateOf(ways, UNARY);
      return {
        name: `gRPC, ${name} ÷ ${UNARY}`,
        wanted: `≥ ${MIN_RATIO}`,
        measured: ratio.toFixed(1),
        met: ratio >= MIN_RATIO,
      };
    });
}

function rateOf(ways: GrpcResult['ways'], name: string): number {
  return ways.find((way) => way.name === name)?.flowsPerSecond ?? Number.NaN;
}
