// SPDX-License-Identifier: Apache-2.0
import type { PreflightReport } from '@flowtap/bpf-native';
import type { Command } from 'commander';
import { loadBpfNative } from '../bpf-source.js';
import { FAILURE, SUCCESS } from '../exit-status.js';
import type { SetStatus } from '../program.js';

export function addDoctorCommand(program: Command, setStatus: SetStatus): void {
  program
    .command('doctor')
    .summary('tell what this machine allows')
    .description('Tells what this machine allows, one line each, and what to do about what is missing.')
    .option('--json', 'print the report as JSON')
    .addHelpText('after', '\nThe exit status is 0 when capturing is possible and 1 when it is not.')
    .action(async (options: { readonly json?: boolean }) => {
      const { preflight } = await loadBpfNative();
      const report = await preflight();
      process.stdout.write(options.json === true ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
      setStatus(report.ok ? SUCCESS : FAILURE);
    });
}

/** Measured on a virtual machine: a probe that the kernel emulates, and one that it must single-step. */
const COST_NOTE =
  'note     while a capture runs, every process that uses the same TLS library pays about 1 µs a call (13 µs where the kernel cannot emulate the probed instruction), whether it is captured or not; detaching ends that.';

/** One line for each check: what was found and, where something is missing, the remedy. */
export function formatReport(report: PreflightReport): string {
  const width = Math.max(...report.checks.map(({ name }) => name.length));
  const lines = report.checks.map(({ ok, required, name, detail, remedy }) => {
    const verdict = ok ? 'ok     ' : required ? 'MISSING' : 'absent ';
    return `${verdict}  ${name.padEnd(width)}  ${detail}${remedy === undefined ? '' : `; ${remedy}`}`;
  });
  const verdict = report.ok
    ? 'flowtap can capture on this machine.'
    : 'flowtap cannot capture on this machine until what is MISSING is there; flowtap replay works nevertheless.';
  return `${[...lines, ...(report.ok ? [COST_NOTE] : []), verdict].join('\n')}\n`;
}
