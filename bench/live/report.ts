// SPDX-License-Identifier: Apache-2.0
import { formatCount, formatPercent, formatTable } from '../table.js';
import type { Target } from '../target.js';
import type { CaptureSummary } from './capture-summary.js';
import type { LatencyResult } from './latency.js';
import type { LiveResult } from './live.js';
import type { ThroughputResult, Variant } from './throughput.js';

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
  return [
    'nginx, one worker, 1 KB file, wrk -t1 -c16, plain HTTP:\n',
    formatThroughput(http),
    '\nThe same over TLS:\n',
    formatThroughput(https),
    '\nNode.js, node:https, 1 KB, wrk -t1 -c16, TLS:\n',
    formatThroughput(node),
    '\nFlowtap in these runs:\n',
    formatCaptures([
      ['plain', http.capture],
      ['TLS', https.capture],
      ['Node.js', node.capture],
    ]),
    `\n${latency.requestsPerSecond} requests a second, plain HTTP:\n`,
    formatLatency(latency),
  ].join('');
}

export function liveTargets({ http, https, node, latency }: LiveResult): readonly Target[] {
  const ratio = http.variants.find(({ variant }) => variant === 'flowtap')?.ratio ?? Number.NaN;
  return [
    {
      name: 'requests/s with Flowtap ÷ without, plain',
      wanted: `≥ ${MIN_THROUGHPUT_RATIO}`,
      measured: ratio.toFixed(2),
      met: ratio >= MIN_THROUGHPUT_RATIO,
    },
    ...comparison('nginx TLS', https, MIN_RATIO_TO_STEPPED_PROBES),
    ...comparison('Node.js TLS', node, MIN_RATIO_TO_EMULATED_PROBES),
    ...completeness('plain', http.capture),
    ...completeness('TLS', https.capture),
    ...completeness('Node.js', node.capture),
    ...completeness(`${latency.requestsPerSecond}/s`, latency.capture),
    ...(['p50', 'p99'] as const).map((name) => ({
      name: `${name} at ${latency.requestsPerSecond}/s with Flowtap ÷ without`,
      wanted: `≤ ${MAX_LATENCY_RATIO}`,
      measured: latency[`${name}Ratio`].toFixed(2),
      met: latency[`${name}Ratio`] <= MAX_LATENCY_RATIO,
    })),
    {
      name: `Flowtap's share of a core at ${latency.requestsPerSecond}/s`,
      wanted: `< ${formatPercent(MAX_AGENT_CPU_SHARE)}`,
      measured: formatPercent(latency.capture.agentCpuShare, 1),
      met: latency.capture.agentCpuShare < MAX_AGENT_CPU_SHARE,
    },
  ];
}

function comparison(load: string, { ratioToEmptyProbes }: ThroughputResult, least: number): readonly Target[] {
  if (ratioToEmptyProbes === undefined) return [];
  return [
    {
      name: `requests/s with Flowtap ÷ with empty probes, ${load}`,
      wanted: `≥ ${least}`,
      measured: ratioToEmptyProbes.toFixed(2),
      met: ratioToEmptyProbes >= least,
    },
  ];
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
