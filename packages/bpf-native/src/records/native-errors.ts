// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { BpfError, type BpfErrorCode, type BpfErrorOptions } from '../errors.js';
import { isNativeFailure, type NativeFailure } from './native-binding.js';

const { EPERM, EACCES, ENOSPC, E2BIG } = constants.errno;

/** The line of the log that says most: verifier and libbpf put it last, before their own summary. */
function lastUsefulLine(log: string): string | undefined {
  const lines = log.split('\n').map((line) => line.trim());
  const useful = lines.filter((line) => line !== '' && !/^(processed |-- END)|failed to load/.test(line));
  return useful.at(-1);
}

function codeOf({ operation, errno, log }: NativeFailure): BpfErrorCode {
  if (operation === 'load' && /-- BEGIN PROG LOAD LOG --|processed \d+ insns/.test(log)) return 'BPF_VERIFIER';
  if (errno === EPERM || errno === EACCES) return 'BPF_PERMISSION';
  if (operation.startsWith('attach')) return 'BPF_ATTACH';
  if (operation.includes('map')) return 'BPF_MAP';
  return 'BPF_LOAD';
}

function hintOf(code: BpfErrorCode, { errno }: NativeFailure): string | undefined {
  switch (code) {
    case 'BPF_PERMISSION':
      return 'Run as root (sudo), or give the process CAP_BPF, CAP_PERFMON and CAP_SYS_ADMIN; a container may also forbid bpf(2) and perf_event_open(2) by seccomp.';
    case 'BPF_VERIFIER':
      return 'This kernel refuses the programs: please report it with the output of "flowtap doctor --json".';
    case 'BPF_MAP':
      return errno === ENOSPC || errno === E2BIG
        ? 'A table of the kernel programs is full: capture fewer targets at once.'
        : undefined;
    default:
      return undefined;
  }
}

/** An error of the addon in the terms of this package; anything else is passed through. */
export function toBpfError(error: unknown): unknown {
  if (!isNativeFailure(error)) return error;
  const code = codeOf(error);
  const name =
    Object.entries(constants.errno).find(([, value]) => value === error.errno)?.[0] ?? `errno ${error.errno}`;
  const detail = lastUsefulLine(error.log);
  const hint = hintOf(code, error);
  const options: BpfErrorOptions = {
    operation: error.operation,
    errno: error.errno,
    log: error.log,
    ...(hint === undefined ? {} : { hint }),
  };
  return new BpfError(
    code,
    `The kernel refused to ${error.operation}: ${name}${detail === undefined ? '' : ` (${detail})`}.`,
    options,
  );
}

/** Runs an operation of the addon and translates what it throws. */
export async function translating<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw toBpfError(error);
  }
}
