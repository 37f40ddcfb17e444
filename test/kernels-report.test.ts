// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
// @ts-expect-error: a script without types
import { readReport } from '../scripts/kernels/report-lines.mjs';
// @ts-expect-error: a script without types
import { problemsOf, programTable, resultTable } from '../scripts/kernels/table.mjs';

const passed = { test: 'works', file: 'kernels/capture.test.js', state: 'pass', ms: 12, message: '' };
const failed = { ...passed, test: 'is seen', state: 'fail', message: 'it is not' };

function console(...entries: readonly object[]): string {
  return entries.map((entry) => `[    1.0] a line of the kernel\r\n@flowtap ${JSON.stringify(entry)}\r\n`).join('');
}

function column(label: string, backend: string | undefined, ...entries: readonly object[]) {
  return { label, backend, report: readReport(console({ begin: label }, ...entries, { end: true })) };
}

test('a report is read from between other lines', () => {
  const { kernel, tests, isComplete } = readReport(console({ begin: '6.1' }, passed, { end: true }));
  expect({ kernel, tests, isComplete }).toEqual({ kernel: '6.1', tests: [passed], isComplete: true });
});

test.each([
  ['without its end', console({ begin: '6.1' }, passed)],
  ['with a line that is cut', `${console({ begin: '6.1' }, { end: true })}@flowtap {"test":"wo`],
  ['without anything', 'Kernel panic - not syncing'],
])('a report %s is not complete, and that is a problem', (_, text) => {
  const report = readReport(text);
  expect(report.isComplete).toBe(false);
  expect(problemsOf({ label: '6.1', backend: 'kprobe', report })).toHaveLength(1);
});

test('a machine without a test, a failed and a skipped test are problems', () => {
  expect(problemsOf(column('6.1', 'kprobe', passed))).toEqual([]);
  expect(problemsOf(column('6.1', 'kprobe'))).toHaveLength(1);
  expect(problemsOf(column('6.1', 'kprobe', failed, { ...passed, state: 'skip' }))).toEqual([
    expect.stringContaining('6.1 kprobe: kernels/capture: is seen: fail\nit is not'),
    expect.stringContaining('skip'),
  ]);
});

test('the table has a row for each test and a column for each machine', () => {
  expect(resultTable([column('5.10', undefined, failed), column('6.1', 'kprobe', passed, failed)])).toBe(
    [
      '| test | 5.10 | 6.1 kprobe |',
      '| --- | --- | --- |',
      '| kernels/capture: is seen | ✗ | ✗ |',
      '| kernels/capture: works | · | ✓ |',
    ].join('\n'),
  );
});

test('the programs are shown with what the verifier went through', () => {
  const note = { note: 'programs', loadMs: 900, programs: [{ name: 'syscall_exit', instructions: 4321 }] };
  expect(programTable([column('5.10', undefined)])).toBeUndefined();
  expect(programTable([column('6.1', 'kprobe', note)])).toBe(
    ['| program | 6.1 kprobe |', '| --- | --- |', '| syscall_exit | 4321 |', '| load and attach, ms | 900 |'].join(
      '\n',
    ),
  );
});
