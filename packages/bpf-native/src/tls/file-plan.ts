// SPDX-License-Identifier: Apache-2.0
import { codeReader } from '../elf/code-reader.js';
import { findFunctions } from '../elf/elf.js';
import { planGoProbes } from '../go/go-probes.js';
import { findPlaintextCopies, READ_RECORDS } from './openssl-copies.js';
import { planTlsProbes, TLS_SYMBOLS, type TlsPlan } from './tls-probes.js';

const SYMBOLS: ReadonlySet<string> = new Set([...TLS_SYMBOLS, READ_RECORDS]);

/** `soon`: whoever waits for the probes has something to lose. The code of large programs is then not looked into. */
export type Haste = 'soon' | 'whenever';

/**
 * The probes for a file: TLS libraries by their symbols, Go programs by their table of functions. Undefined when no
 * plaintext passes it. A Go program that has a C library linked in gets the probes of both and goes by the library.
 */
export function planFile(fd: number, haste: Haste = 'whenever'): TlsPlan | undefined {
  const functions = findFunctions(fd, SYMBOLS);
  const offsets = new Map([...functions].map(([name, { offset }]) => [name, offset]));
  const readCode = codeReader(fd);
  const readRecords = haste === 'soon' ? undefined : functions.get(READ_RECORDS);
  const copies = readCode && readRecords && findPlaintextCopies(fd, readRecords, readCode);
  const library = planTlsProbes(offsets, readCode, copies);
  const go = planGoProbes(fd);
  if (go === undefined) return library;
  if (library !== undefined) return { ...library, probes: [...library.probes, ...go.probes] };
  const { version, place, probes } = go;
  return { library: 'go', place, probes, ...(version === undefined ? {} : { version }) };
}
