// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

/** Everything worked. */
export const SUCCESS = 0;
/** The capture could not start, broke off or could not write what it should. */
export const FAILURE = 1;
/** The command line was wrong. */
export const USAGE = 2;
/** `run` itself failed, so that there is no status of the command to pass on; as env and timeout do. */
export const RUN_FAILED = 125;
/** The command was found and could not be started (POSIX.1-2017, XCU 2.8.2). */
export const CANNOT_EXECUTE = 126;
export const NOT_FOUND = 127;

export function statusOfSignal(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Resolves when the process has ended, with the status that a shell would show. */
export function exitStatusOf(child: ChildProcess): Promise<number> {
  const ended = (code: number | null, signal: NodeJS.Signals | null): number =>
    signal === null ? (code ?? FAILURE) : statusOfSignal(signal);
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(ended(child.exitCode, child.signalCode));
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(ended(code, signal)));
  });
}
