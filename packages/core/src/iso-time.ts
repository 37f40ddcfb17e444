// SPDX-License-Identifier: Apache-2.0

/** Beyond this (the year 2255) a double has no microseconds. Only a damaged clock gets there. */
const MAX_TIME_MICROSECONDS = 9e15;

let cachedSecond = Number.NaN;
let cachedText = '';

/** ISO 8601 in UTC with microseconds: `2026-11-22T20:20:53.000123Z`. Flows come in bunches: one Date per second. */
export function isoTime(epochMs: number): string {
  const clamped = Math.min(Math.max(epochMs * 1000, -MAX_TIME_MICROSECONDS), MAX_TIME_MICROSECONDS);
  const microseconds = Math.round(Number.isNaN(clamped) ? 0 : clamped);
  const second = Math.floor(microseconds / 1e6);
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, -4);
    cachedSecond = second;
  }
  return `${cachedText}${String(1_000_000 + microseconds - second * 1e6).slice(1)}Z`;
}
