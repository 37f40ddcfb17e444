// SPDX-License-Identifier: Apache-2.0
import type { FlowGap } from './flow.js';

/** Gaps listed in one message; the tap counts all of them. */
const MAX_LISTED_GAPS = 32;

/**
 * Adds a gap to a list that stays short: one that continues the last is merged, and beyond 32 none is added. For parsers.
 *
 * @returns the list, which is changed, or a new one.
 */
export function withGap(gaps: FlowGap[] | undefined, gap: FlowGap): FlowGap[] {
  if (gaps === undefined) return [gap];
  const last = gaps.at(-1);
  if (last !== undefined && last.direction === gap.direction && last.offset + last.bytes === gap.offset) {
    if (last.reason === gap.reason) {
      gaps[gaps.length - 1] = { ...last, bytes: last.bytes + gap.bytes };
      return gaps;
    }
  }
  if (gaps.length < MAX_LISTED_GAPS) gaps.push(gap);
  return gaps;
}
