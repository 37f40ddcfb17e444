// SPDX-License-Identifier: Apache-2.0

import type { Flow } from '../flow/flow.js';
import type { FlowUpdate } from '../flow/flow-update.js';
import type { Exporter, ExportOptions, ExportResult } from './exporter.js';

/** What one exporter's queue holds. */
export type ExportItem = Flow | FlowUpdate;

/** The two kinds of a batch apart, each in its order. */
export function split(items: readonly ExportItem[]): {
  readonly updates: readonly FlowUpdate[];
  readonly flows: readonly Flow[];
} {
  return { updates: items.filter(isUpdate), flows: items.filter((item) => !isUpdate(item)) };
}

function isUpdate(item: ExportItem): item is FlowUpdate {
  return item.kind === 'open' || item.kind === 'message';
}

/** Nothing to do for an exporter that does not take them. */
export async function exportUpdates(
  exporter: Exporter,
  updates: readonly FlowUpdate[],
  options: ExportOptions,
): Promise<ExportResult> {
  return (await exporter.exportUpdates?.(updates, options)) ?? { status: 'ok' };
}
