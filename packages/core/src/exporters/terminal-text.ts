// SPDX-License-Identifier: Apache-2.0

/**
 * What a terminal would obey rather than show: C0 and C1 controls, and the characters that reverse or hide text
 * (Unicode bidirectional controls, zero-width marks, line and paragraph separators).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this is about
const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;
const CONTROLS_BUT_TAB = new RegExp(CONTROLS.source.replace('\\u0000-\\u001f', '\\u0000-\\u0008\\u000a-\\u001f'), 'g');

/** Captured text for one line of a terminal: traffic must not be able to move the cursor or to forge output. */
export function printable(text: string): string {
  return text.replace(CONTROLS, escapeControl);
}

/** The same with line breaks as line breaks and tabs as they are. */
export function printableLines(text: string): readonly string[] {
  return text.split(/\r?\n/).map((line) => line.replace(CONTROLS_BUT_TAB, escapeControl));
}

function escapeControl(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default: {
      const code = character.charCodeAt(0);
      return code <= 0xff ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
    }
  }
}

/** `512 B`, `1.2 KiB`, `20 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** `0.35 ms`, `12.3 ms`, `1.23 s`, `2 min 3 s`. */
export function formatDuration(milliseconds: number): string {
  if (milliseconds < 1) return `${milliseconds.toFixed(2)} ms`;
  if (milliseconds < 999.5) return `${milliseconds < 99.95 ? milliseconds.toFixed(1) : Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 59.995) return `${seconds.toFixed(2)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** Local time of day with milliseconds. */
export function formatTime(epochMs: number): string {
  const date = new Date(Number.isFinite(epochMs) ? Math.floor(epochMs) : Number.NaN);
  if (Number.isNaN(date.getTime())) return '--:--:--.---';
  const pad = (value: number, digits: number) => String(value).padStart(digits, '0');
  const hours = pad(date.getHours(), 2);
  const minutes = pad(date.getMinutes(), 2);
  return `${hours}:${minutes}:${pad(date.getSeconds(), 2)}.${pad(date.getMilliseconds(), 3)}`;
}
