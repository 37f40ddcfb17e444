// SPDX-License-Identifier: Apache-2.0

import type { FileFunction } from '../elf/elf.js';
import { ElfImage } from '../elf/elf-image.js';
import { type CallSite, followArguments, type ValuePlace } from '../elf/x86-arguments.js';
import { linkageSlot, type ReadCode } from '../elf/x86-code.js';
import { COPY_COOKIE } from '../records/record-layout.js';
import type { Probe } from './tls-plan.js';

/**
 * Where OpenSSL, from 1.1.0 on, copies what it has decrypted: `int ssl3_read_bytes(ssl, type, type *received, buffer, bytes,
 * peek, size_t *transferred)`. Only programs with OpenSSL linked into them that were not stripped have the symbol.
 */
export const READ_RECORDS = 'ssl3_read_bytes';

const ARGUMENT = { ssl: 0, type: 1, buffer: 3, peek: 5 } as const;

/**
 * Probes on the calls by which decrypted bytes get to whoever reads: one for each piece of data, where a pair of probes on
 * SSL_read sees each attempt to read, most of which find nothing in programs that feed the library from memory. Empty
 * where the code does not show all of them and what they belong to.
 */
export function findPlaintextCopies(fd: number, readRecords: FileFunction, readCode: ReadCode): Probe[] {
  const image = ElfImage.open(fd);
  if (!image) return [];
  const known = new Map<number, boolean>();
  const copies = (target: number) => {
    const isKnown = known.get(target) ?? isImported(image, readCode, target, 'memcpy');
    known.set(target, isKnown);
    return isKnown;
  };
  const calls = followArguments(readCode, readRecords, copies) ?? [];
  const intoBuffer = calls.filter((call) => copies(call.target) && call.passesPointerInto(0, ARGUMENT.buffer));
  const probes = intoBuffer.flatMap((call) => {
    const cookie = cookieOf(call);
    return cookie === undefined ? [] : [{ offset: call.at, cookie }];
  });
  return probes.length === intoBuffer.length ? probes : [];
}

function isImported(image: ElfImage, readCode: ReadCode, stub: number, name: string): boolean {
  const slot = linkageSlot(readCode, stub);
  const address = image.toAddress(stub);
  return slot !== undefined && address !== undefined && image.importedName(address + slot) === name;
}

function cookieOf(call: CallSite): number | undefined {
  const ssl = placeNumber(call.find(ARGUMENT.ssl, 64), 8);
  const type = placeNumber(call.find(ARGUMENT.type, 8), 1);
  const peek = placeNumber(call.find(ARGUMENT.peek, 32), 4);
  if (ssl === undefined || type === undefined || peek === undefined) return undefined;
  return ssl * COPY_COOKIE.ssl + type * COPY_COOKIE.type + peek * COPY_COOKIE.peek;
}

/** As the kernel's side takes it: on the stack in units of the value's size, or a register that calls preserve. */
function placeNumber(place: ValuePlace | undefined, unit: number): number | undefined {
  if (place === undefined) return undefined;
  if ('register' in place) {
    return COPY_COOKIE.registers.includes(place.register) ? COPY_COOKIE.firstRegister + place.register : undefined;
  }
  const number = place.bytesAboveStackPointer / unit;
  return Number.isInteger(number) && number >= 0 && number < COPY_COOKIE.firstRegister ? number : undefined;
}
