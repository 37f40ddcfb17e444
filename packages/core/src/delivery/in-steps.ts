// SPDX-License-Identifier: Apache-2.0
import type { ExportOptions } from './exporter.js';

/** Of flows in a benchmark 1, 4 and 16 made no difference, and 160 were too many. */
const STEP_ITEMS = 16;

/**
 * Gives the items one after the other, and after every 16 of them the processor to whoever waits for it
 * (`ExportOptions.yieldProcessor`): what an exporter does with a batch of flows is long enough for captured programs to
 * run out of work meanwhile.
 *
 * @example
 * ```ts
 * for (const flow of inSteps(flows, options)) lines += toLine(flow);
 * ```
 */
export function* inSteps<T>(
  items: Iterable<T>,
  options: Pick<ExportOptions, 'yieldProcessor'>,
): Generator<T, void, void> {
  let left = STEP_ITEMS;
  for (const item of items) {
    yield item;
    left -= 1;
    if (left > 0) continue;
    left = STEP_ITEMS;
    options.yieldProcessor?.();
  }
}
