// SPDX-License-Identifier: Apache-2.0
// What test/kernels/guest/main.js prints, between all else that a console shows.

const MARK = '@flowtap ';

/**
 * @typedef {{ test: string, file: string, state: 'pass' | 'fail' | 'skip', ms: number, message: string }} TestResult
 * @typedef {{ kernel: string | undefined, tests: TestResult[], notes: object[], isComplete: boolean }} Report
 */

/** @returns {Report} */
export function readReport(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.startsWith(MARK));
  const entries = lines.flatMap((line) => parse(line.slice(MARK.length)) ?? []);
  return {
    kernel: entries.find((entry) => 'begin' in entry)?.begin,
    tests: entries.filter((entry) => 'test' in entry),
    notes: entries.filter((entry) => 'note' in entry),
    // A line that was cut in two by the kernel's own messages is a test without a result.
    isComplete: entries.length === lines.length && entries.some((entry) => 'end' in entry),
  };
}

function parse(line) {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
