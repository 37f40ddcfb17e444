// SPDX-License-Identifier: Apache-2.0

/** @typedef {{ label: string, backend: string | undefined, report: import('./report-lines.mjs').Report }} Column */

const signs = { pass: '✓', fail: '✗', skip: 'skipped' };

function columnTitle({ label, backend }) {
  return backend === undefined ? label : `${label} ${backend}`;
}

function testName({ file, test }) {
  return `${file.replace(/\.test\.js$/, '')}: ${test}`;
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Kernel × back end × test. `·`: not run there. */
export function resultTable(columns) {
  const names = [...new Set(columns.flatMap(({ report }) => report.tests.map(testName)))];
  const rows = names.map((name) => [
    name,
    ...columns.map(({ report }) => signs[report.tests.find((each) => testName(each) === name)?.state] ?? '·'),
  ]);
  return markdown(['test', ...columns.map(columnTitle)], rows);
}

/** Instructions that each kernel's verifier went through for each program, and the time to load and attach them all. */
export function programTable(columns) {
  const measured = columns.flatMap((column) => {
    const note = column.report.notes.find((each) => each.note === 'programs');
    return note === undefined ? [] : [{ title: columnTitle(column), ...note }];
  });
  if (measured.length === 0) return undefined;
  const names = [...new Set(measured.flatMap(({ programs }) => programs.map(({ name }) => name)))];
  const rows = names.map((name) => [
    name,
    ...measured.map(({ programs }) => programs.find((each) => each.name === name)?.instructions ?? '·'),
  ]);
  const time = ['load and attach, ms', ...measured.map(({ loadMs }) => loadMs)];
  return markdown(['program', ...measured.map(({ title }) => title)], [...rows, time]);
}

/** What did not pass, with its reason. A report that ends early fails as a whole. */
export function problemsOf(column) {
  const title = columnTitle(column);
  const failed = column.report.tests.filter(({ state }) => state !== 'pass');
  const problems = failed.map((each) => `${title}: ${testName(each)}: ${each.state}\n${each.message}`);
  if (!column.report.isComplete) problems.push(`${title}: the machine did not come to its end`);
  else if (column.report.tests.length === 0) problems.push(`${title}: no test ran`);
  return problems;
}

export function tablesOf(columns) {
  return [resultTable(columns), programTable(columns)].filter((table) => table !== undefined).join('\n\n');
}

/** docs/kernels.md */
export function documentation(columns) {
  return `# Kernels

Measured by \`npm run test:kernels -- --write\`: the packages as npm packs them, on Debian's kernels in virtual machines and
on the machine that measured. Programs: instructions that the kernel's verifier went through; times are those of software
emulation, several times longer than a machine's, except for the host's. \`·\`: not run there.

${tablesOf(columns)}
`;
}
