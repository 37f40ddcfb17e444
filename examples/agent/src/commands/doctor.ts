// SPDX-License-Identifier: Apache-2.0
import type { PreflightReport } from '@flowtap/bpf-native';
import { type Command, Option } from 'commander';
import { loadBpfNative } from '../bpf-source.js';
import { containerEngineCheck } from '../container-engine-check.js';
import { FAILURE, SUCCESS } from '../exit-status.js';
import { parsePid } from '../options/pid.js';
import { parseSeconds } from '../options/seconds.js';
import { formatProcessReport, type ProcessReport } from '../process-report.js';
import { requireProcess } from '../process-state.js';
import type { SetStatus } from '../program.js';
import { failureMessage } from '../report-failure.js';
import { listenForStop } from '../stop-request.js';
import { UsageError } from '../usage-error.js';

interface DoctorOptions {
  readonly json?: boolean;
  readonly pid?: number;
  readonly for?: number;
}

const DEFAULT_SECONDS = 3;
const MAX_SECONDS = 60;

export function addDoctorCommand(program: Command, setStatus: SetStatus): void {
  program
    .command('doctor')
    .summary('tell what this machine allows, and what can be seen of a process')
    .description(
      'Tells what this machine allows, one line each, and what to do about what is missing. With --pid: what the process runs on, which TLS libraries it has, what cannot be seen of it and why, and what passes on its connections.',
    )
    .addOption(new Option('-p, --pid <n>', 'look at this process').argParser((text) => parsePid('--pid', text)))
    .addOption(
      new Option(
        '--for <seconds>',
        `with --pid: how long to watch its connections, at most ${MAX_SECONDS} (default: ${DEFAULT_SECONDS})`,
      ).argParser(parseWatchTime),
    )
    .option('--json', 'print the report as JSON')
    .addHelpText(
      'after',
      `
The exit status is 0 when capturing is possible and 1 when it is not. --pid counts bytes and reads none: what the
process exchanges does not leave the kernel.`,
    )
    .action(async (options: DoctorOptions) => {
      if (options.pid === undefined && options.for !== undefined) {
        throw new UsageError('--for says how long to watch a process;', 'give --pid <n> as well.');
      }
      setStatus(options.pid === undefined ? await reportMachine(options) : await reportProcess(options.pid, options));
    });
}

async function reportMachine({ json }: DoctorOptions): Promise<number> {
  const { preflight } = await loadBpfNative();
  const machine = await preflight();
  const report = { ...machine, checks: [...machine.checks, await containerEngineCheck()] };
  process.stdout.write(json === true ? `${JSON.stringify(report, undefined, 2)}\n` : formatReport(report));
  return report.ok ? SUCCESS : FAILURE;
}

async function reportProcess(pid: number, { json, for: seconds = DEFAULT_SECONDS }: DoctorOptions): Promise<number> {
  requireProcess(pid);
  const { describeProcess, measureConnections } = await loadBpfNative();
  const description = await describeProcess(pid);
  const stop = listenForStop();
  const interrupted = new AbortController();
  void stop.requested.then(() => interrupted.abort());
  let report: ProcessReport;
  try {
    const measurement = await measureConnections(pid, { durationMs: seconds * 1000, signal: interrupted.signal });
    report = { process: description, measurement };
  } catch (error) {
    // What is known without a capture is worth telling all the same.
    report = { process: description, problem: failureMessage(error) };
  } finally {
    stop.dispose();
  }
  process.stdout.write(json === true ? `${JSON.stringify(report, undefined, 2)}\n` : formatProcessReport(report));
  return report.problem === undefined ? SUCCESS : FAILURE;
}

function parseWatchTime(text: string): number {
  const seconds = parseSeconds('--for', text.replace(/s$/, ''));
  if (seconds > MAX_SECONDS) {
    throw new UsageError(
      `--for: ${text} is longer than ${MAX_SECONDS} seconds;`,
      'use flowtap attach to watch longer.',
    );
  }
  return seconds;
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
