// SPDX-License-Identifier: Apache-2.0
import type { TlsProbes } from './tls-probes.js';

/** A program as it is attached to functions of a file. */
export interface UprobeProgram {
  readonly program: string;
  readonly atReturn: boolean;
}

/**
 * The return comes first: a call that is under way then returns without an entry and is passed over, whereas an entry whose
 * return was not seen yet would be left behind.
 */
const ENTRY_AND_RETURN: readonly UprobeProgram[] = [
  { program: 'tls_return', atReturn: true },
  { program: 'tls_entry', atReturn: false },
];

/** @param hasSessions the kernel has uprobe sessions */
export function programsOf(program: TlsProbes['program'], hasSessions: boolean): readonly UprobeProgram[] {
  return program === 'tls_call' && !hasSessions ? ENTRY_AND_RETURN : [{ program, atReturn: false }];
}

/** Those for programs with a TLS library inside: of Go, and with OpenSSL. */
export const LATE_PROGRAMS = [
  'tls_copy',
  'go_tls_place',
  'go_tls_return',
] as const satisfies readonly TlsProbes['program'][];

export function isLateProgram(program: TlsProbes['program']): boolean {
  return LATE_PROGRAMS.some((name) => name === program);
}

/** Programs that are not attached, and need not pass this kernel's verifier. */
export function unusedUprobePrograms(hasSessions: boolean): readonly string[] {
  return hasSessions ? ['tls_return'] : ['tls_call'];
}
