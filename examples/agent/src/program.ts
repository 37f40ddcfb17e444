// SPDX-License-Identifier: Apache-2.0

import manifest from '@flowtap/agent/package.json' with { type: 'json' };
import { Command } from 'commander';
import { addAgentCommand } from './commands/agent.js';
import { addAttachCommand } from './commands/attach.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addReplayCommand } from './commands/replay.js';
import { addRunCommand } from './commands/run.js';
import type { Notices } from './notices.js';

/** Receives the exit status of the command that ran. */
export type SetStatus = (status: number) => void;

/** The command line of flowtap. Parsing throws instead of ending the process. */
export function createProgram(notices: Notices, setStatus: SetStatus): Command {
  const program = new Command('flowtap')
    .description('Shows every HTTP request of processes on this Linux host, decrypted, without changing them.')
    .version(manifest.version, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .enablePositionalOptions()
    .exitOverride()
    // Errors are told by the caller, all in the same form.
    .configureOutput({ outputError: () => {} })
    .showSuggestionAfterError()
    .addHelpText(
      'after',
      `
Examples:
  sudo flowtap run -- curl https://example.org
  sudo flowtap attach --pid "$(pgrep -o nginx)" --status 5xx
  sudo flowtap attach --container web --container db
  sudo flowtap agent --server localhost:50052
  flowtap replay run.flowlog --output json
  flowtap doctor

Capturing needs root on Linux; replay needs neither. "flowtap <command> --help" explains each command.`,
    );
  addRunCommand(program, notices, setStatus);
  addAttachCommand(program, notices, setStatus);
  addAgentCommand(program, notices, setStatus);
  addReplayCommand(program, notices, setStatus);
  addDoctorCommand(program, setStatus);
  return program;
}
