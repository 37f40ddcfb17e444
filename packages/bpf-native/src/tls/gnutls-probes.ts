// SPDX-License-Identifier: Apache-2.0

import { cheapEntry, type ReadCode } from '../elf/x86-code.js';
import { TlsFunction } from '../records/record-layout.js';
import { type LibraryPlan, type Probe, selectProbes } from './tls-plan.js';

/**
 * Functions of GnuTLS that take or give plaintext (GnuTLS manual, "Core TLS API"): `ssize_t f(session, data, size, …)`.
 * What one of them hands to another one is counted once. Not here: gnutls_record_send_file, which calls
 * gnutls_record_send, and gnutls_record_send_early_data, whose result does not say what was taken.
 */
const TRANSFERS: ReadonlyMap<string, number> = new Map([
  ['gnutls_record_recv', TlsFunction.read],
  ['gnutls_record_recv_seq', TlsFunction.read],
  ['gnutls_record_recv_early_data', TlsFunction.read],
  // The data stays in a buffer of the library: its size is known, its bytes are a gap.
  ['gnutls_record_recv_packet', TlsFunction.readUnseen],
  ['gnutls_record_send', TlsFunction.write],
  ['gnutls_record_send2', TlsFunction.write],
]);

/** gnutls_transport_set_int and its kin are macros of these. */
const BINDINGS: ReadonlyMap<string, number> = new Map([
  ['gnutls_transport_set_int2', TlsFunction.setFd],
  ['gnutls_transport_set_ptr', TlsFunction.setPointer],
  ['gnutls_transport_set_ptr2', TlsFunction.setPointer],
  ['gnutls_deinit', TlsFunction.free],
]);

export const GNUTLS_SYMBOLS: readonly string[] = [...TRANSFERS.keys(), ...BINDINGS.keys()];

/** Behind the landing pad that a function may begin with, if an instruction is there that the kernel emulates. */
function placed({ offset, cookie }: Probe, readCode: ReadCode | undefined): Probe {
  return { offset: (readCode && cheapEntry(readCode, offset)) ?? offset, cookie };
}

/**
 * Its functions share no internal one with arguments that could be told from the code, so the exported ones are probed.
 */
export function planGnutls(
  functions: ReadonlyMap<string, number>,
  readCode: ReadCode | undefined,
): LibraryPlan | undefined {
  if (!functions.has('gnutls_record_recv') || !functions.has('gnutls_record_send')) return undefined;
  return {
    place: 'exported',
    transfers: selectProbes(functions, TRANSFERS).map((probe) => placed(probe, readCode)),
    bindings: selectProbes(functions, BINDINGS),
  };
}
