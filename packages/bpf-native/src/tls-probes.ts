// SPDX-License-Identifier: Apache-2.0
import type { GoProbePlace } from './go-probes.js';
import { TlsFunction } from './record-layout.js';
import { findInternalFunction, type Placement } from './tls-placement.js';
import type { ReadCode } from './x86-code.js';

/** Probes of one program on functions of one file. */
export interface TlsProbes {
  readonly program: 'tls_entry' | 'tls_return' | 'go_tls_place' | 'go_tls_return';
  readonly atReturn: boolean;
  readonly offsets: readonly number[];
  /** `TlsFunction` of each offset, with the position of the count argument above it. */
  readonly cookies: readonly number[];
}

/**
 * Where plaintext is observed: behind the exported functions, or at them; in Go programs inside of Read and Write, or at
 * their entry and return.
 */
export type TlsPlace = 'internal' | 'exported' | GoProbePlace;

export interface TlsPlan {
  readonly place: TlsPlace;
  readonly probes: readonly TlsProbes[];
}

interface Probe {
  readonly offset: number;
  readonly cookie: number;
}

/** Position of `size_t *transferred` among the arguments of the `_ex` functions: SSL_read_ex(3). */
const COUNT_ARGUMENT = 4;

/** Functions of OpenSSL that take or give plaintext: SSL_read(3), SSL_write(3). Their result is known at return. */
const TRANSFERS: ReadonlyMap<string, number> = new Map([
  ['SSL_read', TlsFunction.read],
  ['SSL_write', TlsFunction.write],
  ['SSL_read_ex', cookie(TlsFunction.readEx, COUNT_ARGUMENT)],
  ['SSL_write_ex', cookie(TlsFunction.writeEx, COUNT_ARGUMENT)],
  ['SSL_write_ex2', cookie(TlsFunction.writeEx, COUNT_ARGUMENT + 1)],
]);

/** SSL_set_fd(3) tells the socket of an SSL*, SSL_free(3) that it is no more. */
const BINDINGS: ReadonlyMap<string, number> = new Map([
  ['SSL_set_fd', TlsFunction.setFd],
  ['SSL_set_rfd', TlsFunction.setFd],
  ['SSL_set_wfd', TlsFunction.setFd],
  ['SSL_free', TlsFunction.free],
]);

export const TLS_SYMBOLS: ReadonlySet<string> = new Set([...TRANSFERS.keys(), ...BINDINGS.keys()]);

/** Attach cookie: the function, and above it the position of the count argument (bpf/event.h). */
function cookie(tlsFunction: number, countArgument: number): number {
  return tlsFunction | (countArgument << 8);
}

function select(functions: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): Probe[] {
  return [...wanted].flatMap(([symbol, value]) => {
    const offset = functions.get(symbol);
    return offset === undefined ? [] : [{ offset, cookie: value }];
  });
}

/** SSL_write_ex calls SSL_write_ex2 where there is one: a probe on both would count every byte twice. */
function exportedTransfers(functions: ReadonlyMap<string, number>): Probe[] {
  const wanted = new Map(TRANSFERS);
  if (functions.has('SSL_write_ex2')) wanted.delete('SSL_write_ex');
  return select(functions, wanted);
}

function internalTransfers(functions: ReadonlyMap<string, number>, readCode: ReadCode): Probe[] | undefined {
  const find = (name: string): Placement | undefined =>
    findInternalFunction(
      {
        plain: functions.get(`SSL_${name}`),
        extended: functions.get(`SSL_${name}_ex`),
        flagged: functions.get(`SSL_${name}_ex2`),
      },
      readCode,
    );
  const read = find('read');
  const write = find('write');
  if (read === undefined || write === undefined) return undefined;
  return [
    { offset: read.offset, cookie: cookie(TlsFunction.readEx, read.countArgument) },
    { offset: write.offset, cookie: cookie(TlsFunction.writeEx, write.countArgument) },
  ];
}

/**
 * The probes for a file with these functions at these offsets; undefined when plaintext does not pass it.
 *
 * @param readCode the file's machine code, where this architecture's can be decoded
 */
export function planTlsProbes(
  functions: ReadonlyMap<string, number>,
  readCode: ReadCode | undefined,
): TlsPlan | undefined {
  if (!functions.has('SSL_read') || !functions.has('SSL_write')) return undefined;
  const internal = readCode && internalTransfers(functions, readCode);
  const transfers = internal ?? exportedTransfers(functions);
  return {
    place: internal === undefined ? 'exported' : 'internal',
    probes: [
      // The return probes come first: a call that is under way then returns without an entry and is passed over, whereas
      // an entry whose return was not seen yet would be left behind.
      { program: 'tls_return', atReturn: true, ...columns(transfers) },
      { program: 'tls_entry', atReturn: false, ...columns([...transfers, ...select(functions, BINDINGS)]) },
    ],
  };
}

function columns(probes: readonly Probe[]): Pick<TlsProbes, 'offsets' | 'cookies'> {
  return { offsets: probes.map(({ offset }) => offset), cookies: probes.map((probe) => probe.cookie) };
}
