// SPDX-License-Identifier: Apache-2.0
import type { Target } from '@flowtap/bpf-native';
import { type Command, Option } from 'commander';
import { announceReady } from '../announce-ready.js';
import { createBpfSource } from '../bpf-source.js';
import { openCapture } from '../capture.js';
import { type ContainerTargets, openContainerTargets } from '../container-targets.js';
import { FAILURE, SUCCESS } from '../exit-status.js';
import type { Notices } from '../notices.js';
import { addCaptureOptions, type CaptureOptions } from '../options/capture-options.js';
import { collect } from '../options/collect.js';
import { addContainerOptions, type ContainerOptions, containerSelections } from '../options/container-options.js';
import { parsePid } from '../options/pid.js';
import { processesEnd, processName, requireProcess } from '../process-state.js';
import type { SetStatus } from '../program.js';
import { listenForStop } from '../stop-request.js';
import { UsageError } from '../usage-error.js';

interface AttachOptions extends CaptureOptions, ContainerOptions {
  readonly pid?: readonly number[];
  readonly cgroup?: readonly string[];
}

export function addAttachCommand(program: Command, notices: Notices, setStatus: SetStatus): void {
  const command = program
    .command('attach')
    .summary('capture processes and containers')
    .description(
      'Captures running processes, with every process that they start from now on, and containers: those that run, and those that start or restart later, from their first instruction on. Ends when all the given processes have ended, after --duration, or with Ctrl-C; with control groups or containers it goes on until one of the latter.',
    )
    .optionsGroup('What to capture (at least one):')
    .addOption(
      new Option('-p, --pid <n...>', 'process ids; repeatable').argParser(collect((text) => parsePid('--pid', text))),
    )
    .addOption(
      new Option('--cgroup <path>', 'every process of this control group, as in /sys/fs/cgroup; repeatable').argParser(
        collect((text) => text),
      ),
    );
  addContainerOptions(command);
  command.action(async (options: AttachOptions) => setStatus(await attach(options, notices)));
  addCaptureOptions(command, 'stdout');
}

async function attach(options: AttachOptions, notices: Notices): Promise<number> {
  const pids = [...new Set(options.pid ?? [])];
  const cgroups = [...new Set(options.cgroup ?? [])];
  if (pids.length + cgroups.length + containerSelections(options).length === 0) {
    throw new UsageError('there is nothing to attach to;', 'give --pid <n>, --container <name> or --cgroup <path>.');
  }
  for (const pid of pids) requireProcess(pid);
  const targets: readonly Target[] = [...pids.map((pid) => ({ pid })), ...cgroups.map((cgroup) => ({ cgroup }))];
  const containers = await openContainerTargets(options, notices);
  try {
    return await capture({ targets, pids, containers, names: describeTargets(pids, cgroups) }, options, notices);
  } finally {
    await containers?.stop();
  }
}

interface Attachment {
  readonly targets: readonly Target[];
  readonly pids: readonly number[];
  readonly containers: ContainerTargets | undefined;
  /** Of the targets, for a person. */
  readonly names: readonly string[];
}

async function capture(
  { targets, pids, containers, names }: Attachment,
  options: AttachOptions,
  notices: Notices,
): Promise<number> {
  const source = await createBpfSource(targets, options, notices);
  const capture = await openCapture({
    source,
    options,
    readable: process.stdout,
    notices,
    ...(containers === undefined ? {} : { describe: containers.describe }),
  });
  const stop = listenForStop();
  const finished = new AbortController();
  try {
    await capture.start();
    await containers?.capture(source);
    source.giveWay();
    const all = containers === undefined ? names : [...names, containers.text()];
    await announceReady(`${all.join(', ')} by ${source.backend}`, options.readyFile, notices);
    const ends = [capture.ended, stop.requested, capture.durationOver];
    const hasEnd = containers === undefined && targets.length === pids.length;
    if (hasEnd) ends.push(processesEnd(pids, finished.signal));
    await Promise.race(ends);
  } finally {
    finished.abort();
  }
  const delivered = await capture.finish();
  stop.dispose();
  return delivered ? SUCCESS : FAILURE;
}

function describeTargets(pids: readonly number[], cgroups: readonly string[]): readonly string[] {
  return [
    ...pids.map((pid) => {
      const name = processName(pid);
      return name === '' ? `process ${pid}` : `process ${pid} (${name})`;
    }),
    ...cgroups.map((cgroup) => `control group ${cgroup}`),
  ];
}
