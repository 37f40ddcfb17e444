// SPDX-License-Identifier: Apache-2.0
import { FlowtapError } from '@flowtap/core';
import { CANNOT_EXECUTE, NOT_FOUND, RUN_FAILED } from './exit-status.js';
import { findProgram } from './find-program.js';

export interface SpawnFailure {
  readonly status: number;
  readonly message: string;
}

/** Status and sentence for a command that could not be started, as a shell gives them. */
export async function spawnFailure(command: string, error: unknown): Promise<SpawnFailure> {
  switch (await failureCode(command, error)) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { status: NOT_FOUND, message: `${command}: command not found` };
    case 'EACCES':
    case 'EISDIR':
      return { status: CANNOT_EXECUTE, message: `${command}: permission denied` };
    case 'ENOEXEC':
      return { status: CANNOT_EXECUTE, message: `${command}: not an executable of this machine` };
    default:
      if (FlowtapError.isInstance(error)) return { status: RUN_FAILED, message: error.message };
      return {
        status: CANNOT_EXECUTE,
        message: `${command}: ${error instanceof Error ? error.message : String(error)}`,
      };
  }
}

/** execvp(3) reports EACCES also when a directory of the search path may not be read; a shell then says "not found". */
async function failureCode(command: string, error: unknown): Promise<string | undefined> {
  const code = systemCode(error);
  if (code !== 'EACCES' || command.includes('/')) return code;
  return (await findProgram(command)) === undefined ? 'ENOENT' : code;
}

function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && !FlowtapError.isInstance(error)) return error.code;
  return systemCode(error.cause);
}
