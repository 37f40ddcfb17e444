// SPDX-License-Identifier: Apache-2.0
import type { BpfSource } from '@flowtap/bpf-native';
import { type Command, Option } from 'commander';
import { announceReady } from '../announce-ready.js';
import { createBpfSource } from '../bpf-source.js';
import { openCapture } from '../capture.js';
import { exitStatusOf, statusOfSignal } from '../exit-status.js';
import type { Notices } from '../notices.js';
import { addCaptureOptions, type CaptureOptions } from '../options/capture-options.js';
import type { SetStatus } from '../program.js';
import { planSpawn, type SpawnPlan } from '../run-as.js';
import { createSignalRelay, type SignalRelay } from '../signal-relay.js';
import { spawnFailure } from '../spawn-failure.js';
import { UsageError } from '../usage-error.js';
import { lookUpUser } from '../user.js';

interface RunOptions extends CaptureOptions {
  readonly user?: string;
}

export function addRunCommand(program: Command, notices: Notices, setStatus: SetStatus): void {
  const command = program
    .command('run')
    .summary('start a command and capture it')
    .usage('[options] -- <command> [args...]')
    .description(
      'Starts a command and captures it and every process that it starts, from the first instruction on. The command keeps stdin, stdout and stderr; flowtap writes to stderr or to files. Signals are passed on to the command.',
    )
    .argument('<command...>', 'the command and its arguments')
    .passThroughOptions()
    .optionsGroup('How to run it:')
    .addOption(new Option('-u, --user <name>', 'run the command as this user'))
    .action(async (words: [string, ...string[]], options: RunOptions) => setStatus(await run(words, options, notices)))
    .addHelpText(
      'after',
      '\nThe exit status is that of the command: 128+n when signal n ended it, 127 when it was not found, 126 when it could not\nbe executed; 125 when flowtap itself failed before the command was started.',
    );
  addCaptureOptions(command, 'stderr');
}

async function run(words: readonly [string, ...string[]], options: RunOptions, notices: Notices): Promise<number> {
  if (options.output?.some(({ kind }) => kind === 'json') === true) {
    throw new UsageError(
      '--output json would mix with what the command prints on stdout;',
      'write the flows to a file with --output jsonl:<file>.',
    );
  }
  const plan = await planSpawn(words, options.user === undefined ? undefined : await lookUpUser(options.user));
  if (plan.missingGroups) notices.say(`${options.user} gets only the primary group: setpriv is not installed`);

  const source = await createBpfSource([], options, notices);
  const capture = await openCapture({ source, options, readable: process.stderr, notices });
  const signals = createSignalRelay();
  await capture.start();
  // The name only: arguments may hold secrets, and stderr may end up in a log.
  await announceReady(`${words[0]} by ${source.backend}`, options.readyFile, notices);
  void capture.durationOver.then(() => capture.finish());
  const status = await runCommand(words[0], plan, source, signals, notices);
  signals.release((signal) => process.exit(statusOfSignal(signal)));
  await capture.finish();
  signals.dispose();
  return status;
}

async function runCommand(
  name: string,
  plan: SpawnPlan,
  source: BpfSource,
  signals: SignalRelay,
  notices: Notices,
): Promise<number> {
  if (signals.early !== undefined) return statusOfSignal(signals.early);
  try {
    const child = await source.spawn(plan.command, plan.args, { stdio: 'inherit', ...plan.options });
    signals.passTo(child);
    source.giveWay();
    return await exitStatusOf(child);
  } catch (error) {
    const failure = await spawnFailure(name, error);
    notices.say(failure.message);
    return failure.status;
  }
}
