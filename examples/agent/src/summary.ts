// SPDX-License-Identifier: Apache-2.0
import type { TapStats } from '@flowtap/core';

/** What the user should know at the end: how much was seen, and everything that is missing. */
export function summarize(stats: TapStats): readonly string[] {
  const lines = [seen(stats)];
  if (stats.droppedEvents > 0 || stats.droppedBytes > 0) lines.push(lost(stats));
  const unrecorded = stats.recorder?.['dropped'] ?? 0;
  if (unrecorded > 0) lines.push(`the event log lacks ${count(unrecorded, 'event')} that could not be written`);
  for (const { name, exported, failed, dropped, queued } of stats.exporters) {
    const missing = failed + dropped + queued;
    if (missing > 0)
      lines.push(`output ${name}: ${missing} of ${count(exported + missing, 'flow')} could not be written`);
  }
  return lines;
}

/** Whether every output got every flow, and the event log every event. */
export function everythingDelivered(stats: TapStats): boolean {
  if ((stats.recorder?.['dropped'] ?? 0) > 0) return false;
  return stats.exporters.every(({ failed, dropped, queued }) => failed + dropped + queued === 0);
}

function seen({ flows, filteredFlows, connections, opaqueConnections, unknownConnections }: TapStats): string {
  const parts = [count(flows, 'flow')];
  if (filteredFlows > 0) parts.push(`${filteredFlows} more filtered out`);
  parts.push(count(connections, 'connection'));
  if (opaqueConnections > 0) parts.push(`${opaqueConnections} encrypted and not readable`);
  if (unknownConnections > 0) parts.push(`${unknownConnections} of other protocols`);
  return parts.join(', ');
}

function lost({ droppedEvents, droppedBytes, counters }: TapStats): string {
  const prefix = 'lost:';
  const causes = Object.keys(counters).filter((code) => code.startsWith(prefix));
  const names = causes.map((code) => code.slice(prefix.length));
  const because = names.length === 0 ? '' : ` (${names.join(', ')})`;
  const remedy = names.includes('ring-full') ? '; a larger --ring-size helps' : '';
  return `${count(droppedEvents, 'event')} with ${count(droppedBytes, 'byte')} were lost${because}${remedy}`;
}

function count(amount: number, what: string): string {
  return `${amount} ${what}${amount === 1 ? '' : 's'}`;
}
