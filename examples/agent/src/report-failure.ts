// SPDX-License-Identifier: Apache-2.0
import { FlowtapError } from '@flowtap/core';
import { CommanderError } from 'commander';
import { FAILURE, RUN_FAILED, SUCCESS, USAGE } from './exit-status.js';
import type { Notices } from './notices.js';
import { UsageError } from './usage-error.js';

/**
 * Tells what went wrong in one line.
 *
 * @param commandName first word of the command line.
 * @returns the exit status that goes with it.
 */
export function reportFailure(error: unknown, commandName: string | undefined, notices: Notices): number {
  const isRun = commandName === 'run';
  if (error instanceof CommanderError) {
    // Help and version also end the parsing with an error; they have been printed.
    if (error.exitCode === 0) return SUCCESS;
    if (error.code !== 'commander.help') notices.say(usageMessage(error, commandName));
    return isRun ? RUN_FAILED : USAGE;
  }
  notices.say(failureMessage(error));
  if (isRun) return RUN_FAILED;
  return error instanceof UsageError ? USAGE : FAILURE;
}

function usageMessage(error: CommanderError, commandName: string | undefined): string {
  const help = error.code === 'commander.unknownCommand' ? 'flowtap --help' : `flowtap ${commandName ?? ''} --help`;
  if (error.code === 'commander.missingArgument' && commandName === 'run') {
    return 'there is no command to run; write it after --, as in: flowtap run -- curl https://example.org';
  }
  if (error.code === 'commander.missingArgument' && commandName === 'replay') {
    return 'there is no event log to replay; make one with --record, then: flowtap replay <event-log>';
  }
  const message = error.message
    .replace(/^error: /, '')
    .replace('(Did you mean', '(did you mean')
    .replace(/\.$/, '');
  return `${message}; see ${commandName?.startsWith('-') === true ? 'flowtap --help' : help}`;
}

/** One sentence for an error of whatever origin. */
export function failureMessage(error: unknown): string {
  if (FlowtapError.isInstance(error)) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  // The system says what it is about (ENOENT: no such file …); everything else is a mistake of ours.
  if (error instanceof Error && 'syscall' in error) return message;
  if (process.env['FLOWTAP_DEBUG'] === '1' && error instanceof Error) return error.stack ?? message;
  return `unexpected error: ${message}; FLOWTAP_DEBUG=1 shows where.`;
}
