// SPDX-License-Identifier: Apache-2.0
import type { CaptureResult } from './agent.js';
import { median } from './statistics.js';

/** One run with Flowtap. */
export interface CapturedRun {
  readonly requests: number;
  /** Of one core, while the load lasted. */
  readonly agentCpuShare: number;
  readonly capture: CaptureResult;
}

/** Over all runs with Flowtap: sums of what was seen and lost, medians of what it costs. */
export interface CaptureSummary {
  readonly requests: number;
  readonly completeFlows: number;
  readonly incompleteFlows: number;
  readonly droppedEvents: number;
  readonly droppedBytes: number;
  /** Flows that the output did not get. */
  readonly droppedFlows: number;
  readonly agentCpuShare: number;
  /** All processor time of the agent since it was attached ÷ flows. */
  readonly agentCpuUsPerFlow: number;
  readonly eventsPerFlow: number;
  readonly peakResidentBytes: number;
}

export function summarizeCaptures(runs: readonly CapturedRun[]): CaptureSummary {
  const sum = (pick: (run: CapturedRun) => number) => runs.reduce((total, run) => total + pick(run), 0);
  const middle = (pick: (run: CapturedRun) => number) => median(runs.map(pick));
  return {
    requests: sum(({ requests }) => requests),
    completeFlows: sum(({ capture }) => capture.completeFlows),
    incompleteFlows: sum(({ capture }) => capture.flows - capture.completeFlows),
    droppedEvents: sum(({ capture }) => capture.droppedEvents),
    droppedBytes: sum(({ capture }) => capture.droppedBytes),
    droppedFlows: sum(({ capture }) => capture.droppedFlows),
    agentCpuShare: middle(({ agentCpuShare }) => agentCpuShare),
    agentCpuUsPerFlow: middle(({ capture }) => (capture.cpuSeconds * 1e6) / capture.flows),
    eventsPerFlow: middle(({ capture }) => capture.events / capture.flows),
    peakResidentBytes: middle(({ capture }) => capture.peakResidentBytes),
  };
}
