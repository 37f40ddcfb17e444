// SPDX-License-Identifier: Apache-2.0

import type { ReadCode } from '../elf/x86-code.js';
import { TlsFunction } from '../records/record-layout.js';
import { findInternalFunction, type Placement } from './tls-placement.js';
import { functionOf, type LibraryPlan, type Probe, probeCookie, selectProbes } from './tls-plan.js';

/** Position of `size_t *transferred` among the arguments of the `_ex` functions: SSL_read_ex(3). */
const COUNT_ARGUMENT = 4;

/** Functions of OpenSSL that take or give plaintext: SSL_read(3), SSL_write(3). Their result is known at return. */
const TRANSFERS: ReadonlyMap<string, number> = new Map([
  ['SSL_read', TlsFunction.read],
  ['SSL_write', TlsFunction.write],
  ['SSL_read_ex', probeCookie(TlsFunction.readEx, COUNT_ARGUMENT)],
  ['SSL_write_ex', probeCookie(TlsFunction.writeEx, COUNT_ARGUMENT)],
  ['SSL_write_ex2', probeCookie(TlsFunction.writeEx, COUNT_ARGUMENT + 1)],
]);

/** SSL_set_fd(3) tells the socket of an SSL*, SSL_free(3) that it is no more. */
const BINDINGS: ReadonlyMap<string, number> = new Map([
  ['SSL_set_fd', TlsFunction.setFd],
  ['SSL_set_rfd', TlsFunction.setFd],
  ['SSL_set_wfd', TlsFunction.setFd],
  ['SSL_free', TlsFunction.free],
]);

export const OPENSSL_SYMBOLS: readonly string[] = [...TRANSFERS.keys(), ...BINDINGS.keys()];

/** SSL_write_ex calls SSL_write_ex2 where there is one: the second probe would cost and tell nothing more. */
function exportedTransfers(functions: ReadonlyMap<string, number>): Probe[] {
  const wanted = new Map(TRANSFERS);
  if (functions.has('SSL_write_ex2')) wanted.delete('SSL_write_ex');
  return selectProbes(functions, wanted);
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
    { offset: read.offset, cookie: probeCookie(TlsFunction.readEx, read.countArgument) },
    { offset: write.offset, cookie: probeCookie(TlsFunction.writeEx, write.countArgument) },
  ];
}

function isRead(cookie: number): boolean {
  const tlsFunction = functionOf(cookie);
  return tlsFunction === TlsFunction.read || tlsFunction === TlsFunction.readEx;
}

/** OpenSSL, BoringSSL and LibreSSL, where their symbols are there. */
export function planOpenssl(
  functions: ReadonlyMap<string, number>,
  readCode: ReadCode | undefined,
  copies: readonly Probe[],
): LibraryPlan | undefined {
  if (!functions.has('SSL_read') || !functions.has('SSL_write')) return undefined;
  const internal = readCode && internalTransfers(functions, readCode);
  const transfers = internal ?? exportedTransfers(functions);
  const place = internal === undefined ? 'exported' : 'internal';
  return {
    place: copies.length > 0 ? 'inner-copies' : place,
    transfers: copies.length > 0 ? transfers.filter(({ cookie }) => !isRead(cookie)) : transfers,
    bindings: selectProbes(functions, BINDINGS),
  };
}
