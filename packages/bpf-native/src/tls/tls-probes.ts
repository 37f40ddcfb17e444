// SPDX-License-Identifier: Apache-2.0

import type { ReadCode } from '../elf/x86-code.js';
import { GNUTLS_SYMBOLS, planGnutls } from './gnutls-probes.js';
import { OPENSSL_SYMBOLS, planOpenssl } from './openssl-probes.js';
import type { LibraryPlan, Probe, TlsPlace } from './tls-plan.js';

/** Probes of one program on functions of one file. */
export interface TlsProbes {
  /** `tls_call` sees a call's entry and its return, the others the place alone. */
  readonly program: 'tls_call' | 'tls_entry' | 'tls_copy' | 'go_tls_place' | 'go_tls_return';
  readonly offsets: readonly number[];
  /** Of each offset: `TlsFunction` with the position of the count argument above it, `COPY_COOKIE`, `GoPlace`. */
  readonly cookies: readonly number[];
}

/** Libraries whose functions are known. */
export type TlsLibraryName = 'openssl' | 'gnutls' | 'go';

export interface TlsPlan {
  /** What the file has; BoringSSL and LibreSSL have the functions of OpenSSL. */
  readonly library: TlsLibraryName;
  readonly place: TlsPlace;
  /** Where the file tells it itself: of Go, such as "go1.19.8". */
  readonly version?: string;
  readonly probes: readonly TlsProbes[];
}

export const TLS_SYMBOLS: ReadonlySet<string> = new Set([...OPENSSL_SYMBOLS, ...GNUTLS_SYMBOLS]);

/**
 * The probes for a file with these functions at these offsets; undefined when plaintext does not pass it.
 *
 * @param readCode the file's machine code, where this architecture's can be decoded
 * @param copies where OpenSSL in this file copies what it has read, instead of its functions that read
 */
export function planTlsProbes(
  functions: ReadonlyMap<string, number>,
  readCode: ReadCode | undefined,
  copies: readonly Probe[] = [],
): TlsPlan | undefined {
  const openssl = planOpenssl(functions, readCode, copies);
  const gnutls = planGnutls(functions, readCode);
  const plans = [openssl, gnutls].filter((plan): plan is LibraryPlan => plan !== undefined);
  const [first] = plans;
  if (first === undefined) return undefined;
  const transfers = plans.flatMap((plan) => plan.transfers);
  const bindings = plans.flatMap((plan) => plan.bindings);
  return {
    library: openssl === undefined ? 'gnutls' : 'openssl',
    place: first.place,
    probes: [
      { program: 'tls_call', ...columns(transfers) },
      ...(copies.length > 0 ? [{ program: 'tls_copy', ...columns(copies) } as const] : []),
      ...(bindings.length > 0 ? [{ program: 'tls_entry', ...columns(bindings) } as const] : []),
    ],
  };
}

function columns(probes: readonly Probe[]): Pick<TlsProbes, 'offsets' | 'cookies'> {
  return { offsets: probes.map(({ offset }) => offset), cookies: probes.map((probe) => probe.cookie) };
}
