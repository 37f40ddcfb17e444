// SPDX-License-Identifier: Apache-2.0
import { formatCount, formatPercent, formatTable } from '../table.js';
import type { Target } from '../target.js';
import type { CaptureSummary } from './capture-summary.js';
import type { LatencyResult } from './latency.js';
import type { LiveResult } from './live.js';
import type { ThroughputResult, Variant, VariantSummary } from './throughput.js';

const NAMES: Readonly<Record<Variant, string>> = {
  alone: 'without capture',
  'empty-probes': 'empty probes (bpftrace)',
  flowtap: 'with Flowtap',
};

const MIN_THROUGHPUT_RATIO = 0.5;
const MAX_LATENCY_RATIO = 1.2;
/** Debian's SSL_read and SSL_write begin with an instruction that the kernel has to single-step under a probe. */
const MIN_RATIO_TO_STEPPED_PROBES = 2;
/** Those in Node.js begin with one that it emulates. */
const MIN_RATIO_TO_EMULATED_PROBES = 0.8;
const MAX_AGENT_CPU_SHARE = 0.25;

export function formatLive({ http, https, node, latency }: LiveResult): string {
  const loads = [
    { title: 'nginx, one worker, 1 KB file, wrk -t1 -c16, plain HTTP:', name: 'plain', result: http },
    { title: 'nginx, the same over TLS:', name: 'TLS', result: https },
    { title: 'Node.js, node:https, 1 KB, wrk -t1 -c16, TLS:', name: 'Node.js', result: node },
  ].flatMap(({ title, name, result }) => (result === undefined ? [] : [{ title, name, result }]));
  const captures = loads.map(({ name, result }) => [name, result.capture] as const);
  return [
    ...loads.map(({ title, result }) => `${title}\n${formatThroughput(result)}\n`),
    ...(captures.length === 0 ? [] : [`Flowtap in these runs:\n${formatCaptures(captures)}\n`]),
    latency === undefined
      ? ''
      : `${latency.requestsPerSecond} requests a second, plain HTTP:\n${formatLatency(latency)}`,
  ].join('');
}

export function liveTargets({ http, https, node, latency }: LiveResult): readonly Target[] {
  return [
    ...(http === undefined ? [] : slowdown('plain', http)),
    ...(https === undefined ? [] : comparison('nginx TLS', https, MIN_RATIO_TO_STEPPED_PROBES)),
    ...(node === undefined ? [] : comparison('Node.js TLS', node, MIN_RATIO_TO_EMULATED_PROBES)),
    ...(http === undefined ? [] : completeness('plain', http.capture)),
    ...(https === undefined ? [] : completeness('TLS', https.capture)),
    ...(node === undefined ? [] : completeness('Node.js', node.capture)),
    ...(latency === undefined ? [] : latencyTargets(latency)),
  ];
}

function latencyTargets(latency: LatencyResult): readonly Target[] {
  const { requestsPerSecond, capture } = latency;
  return [
    ...completeness(`${requestsPerSecond}/s`, capture),
    ...(['p50', 'p99'] as const).map((name) => ({
      name: `${name} at ${requestsPerSecond}/s with Flowtap ÷ without`,
      wanted: `≤ ${MAX_LATENCY_RATIO}`,
      measured: latency[`${name}Ratio`].toFixed(2),
      met: latency[`${name}Ratio`] <= MAX_LATENCY_RATIO,
    })),
    {
      name: `Flowtap's share of a core at ${requestsPerSecond}/s`,
      wanted: `< ${formatPercent(MAX_AGENT_CPU_SHARE)}`,
      measured: formatPercent(capture.agentCpuShare, 1),
      met: capture.agentCpuShare < MAX_AGENT_CPU_SHARE,
    },
  ];
}

function slowdown(load: string, { variants }: ThroughputResult): readonly Target[] {
  const ratio = ratioToAlone(variants, 'flowtap');
  return [
    {
      name: `requests/s with Flowtap ÷ without, ${load}`,
      wanted: `≥ ${MIN_THROUGHPUT_RATIO}`,
      measured: ratio.toFixed(2),
      met: ratio >= MIN_THROUGHPUT_RATIO,
    },
  ];
}

/** What the server reaches alone is the most that anything could: what a probe costs depends on the machine. */
function comparison(
  load: string,
  { variants, ratioToEmptyProbes }: ThroughputResult,
  least: number,
): readonly Target[] {
  if (ratioToEmptyProbes === undefined) return [];
  const alone = 1 / ratioToAlone(variants, 'empty-probes');
  return [
    {
      name: `requests/s with Flowtap ÷ with empty probes, ${load}`,
      wanted: `≥ ${least}`,
      measured: `${ratioToEmptyProbes.toFixed(2)} (without capture ${alone.toFixed(2)})`,
      met: ratioToEmptyProbes >= least,
    },
  ];
}

function ratioToAlone(variants: readonly VariantSummary[], name: Variant): number {
  return variants.find(({ variant }) => variant === name)?.ratio ?? Number.NaN;
}

function completeness(load: string, capture: CaptureSummary): readonly Target[] {
  const drops = capture.droppedEvents + capture.droppedFlows;
  return [
    {
      name: `complete flows ÷ requests, ${load}`,
      wanted: '100 %',
      measured: `${formatCount(capture.completeFlows)} of ${formatCount(capture.requests)}`,
      met: capture.completeFlows === capture.requests && capture.incompleteFlows === 0,
    },
    { name: `dropped events and flows, ${load}`, wanted: '0', measured: formatCount(drops), met: drops === 0 },
  ];
}

function formatThroughput({ variants }: ThroughputResult): string {
  return formatTable(
    ['', 'requests/s', '÷ without', 'CPU of the server', 'of other programs'],
    variants.map(({ variant, requestsPerSecond, ratio, serverCpuShare, othersCpuShare }) => [
      NAMES[variant],
      formatCount(requestsPerSecond),
      ratio.toFixed(2),
      formatPercent(serverCpuShare),
      formatPercent(othersCpuShare),
    ]),
  );
}

function formatCaptures(captures: readonly (readonly [name: string, capture: CaptureSummary])[]): string {
  return formatTable(
    ['', 'requests', 'complete flows', 'dropped events', 'dropped flows', 'CPU', 'µs/flow', 'events/flow', 'memory'],
    captures.map(([name, capture]) => [
      name,
      formatCount(capture.requests),
      formatPercent(capture.completeFlows / capture.requests, 3),
      formatCount(capture.droppedEvents),
      formatCount(capture.droppedFlows),
      formatPercent(capture.agentCpuShare),
      capture.agentCpuUsPerFlow.toFixed(0),
      capture.eventsPerFlow.toFixed(1),
      `${formatCount(capture.peakResidentBytes / 1e6)} MB`,
    ]),
  );
}

function formatLatency({ alone, flowtap, p50Ratio, p99Ratio, capture }: LatencyResult): string {
  const table = formatTable(
    ['', 'p50 µs', 'p99 µs'],
    [
      [NAMES.alone, alone.p50Us.toFixed(0), alone.p99Us.toFixed(0)],
      [NAMES.flowtap, flowtap.p50Us.toFixed(0), flowtap.p99Us.toFixed(0)],
      ['÷ without', p50Ratio.toFixed(2), p99Ratio.toFixed(2)],
    ],
  );
  return `${table}\n${formatCaptures([['Flowtap', capture]])}`;
}
