// SPDX-License-Identifier: Apache-2.0
import type { JsonWriter } from './json-writer.js';

/** Beyond this (the year 2255) a double has no microseconds. Only a damaged clock gets there. */
const MAX_TIME_MICROSECONDS = 9e15;

let cachedSecond = Number.NaN;
let cachedText = '';

/** ISO 8601 in UTC with microseconds: `2026-11-22T20:20:53.000123Z`. */
export function isoTime(epochMs: number): string {
  const microseconds = clampedMicroseconds(epochMs);
  const second = Math.floor(microseconds / 1e6);
  return `${textOfSecond(second)}${String(1_000_000 + microseconds - second * 1e6).slice(1)}Z`;
}

/** Writes what `isoTime` returns. */
export function writeIsoTime(writer: JsonWriter, epochMs: number): void {
  const microseconds = clampedMicroseconds(epochMs);
  const second = Math.floor(microseconds / 1e6);
  writer.ascii(textOfSecond(second));
  writer.digits(microseconds - second * 1e6, 6);
  writer.ascii('Z');
}

function clampedMicroseconds(epochMs: number): number {
  const clamped = Math.min(Math.max(epochMs * 1000, -MAX_TIME_MICROSECONDS), MAX_TIME_MICROSECONDS);
  return Math.round(Number.isNaN(clamped) ? 0 : clamped);
}

/** Up to the decimal point. Flows come in bunches: one Date per second. */
function textOfSecond(second: number): string {
  if (second !== cachedSecond) {
    cachedText = new Date(second * 1000).toISOString().slice(0, -4);
    cachedSecond = second;
  }
  return cachedText;
}
