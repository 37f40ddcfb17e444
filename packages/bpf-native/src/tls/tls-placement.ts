// SPDX-License-Identifier: Apache-2.0
import { cheapEntry, directCalls, type ReadCode, wrappedFunction } from '../elf/x86-code.js';

/** Where to observe the plaintext of one direction. */
export interface Placement {
  /** File offset of the probe. */
  readonly offset: number;
  /** Position, from 1, of the argument that points to the transferred count. */
  readonly countArgument: 4 | 5;
}

export interface TransferFunctions {
  /** `int f(ssl, buffer, bytes)`: SSL_read, SSL_write. */
  readonly plain: number | undefined;
  /** `int f(ssl, buffer, bytes, size_t *transferred)`: SSL_read_ex, SSL_write_ex. */
  readonly extended: number | undefined;
  /** `int f(ssl, buffer, bytes, flags, size_t *transferred)`: SSL_write_ex2, from OpenSSL 3.3 on. */
  readonly flagged: number | undefined;
}

/**
 * The internal function behind the exported ones: `int f(ssl, buffer, bytes[, flags], size_t *transferred)`, which the
 * SSL BIO calls too. One pair of probes on it sees everything; where it begins with an instruction that the kernel
 * emulates they cost a tenth. Undefined unless the code itself shows that both exported functions call it.
 */
export function findInternalFunction(functions: TransferFunctions, readCode: ReadCode): Placement | undefined {
  const { plain, extended, flagged } = functions;
  // From 3.3 on SSL_write_ex is a wrapper of SSL_write_ex2, which has the arguments of the internal function.
  const wrapper = flagged ?? extended;
  if (plain === undefined || wrapper === undefined) return undefined;
  const target = wrappedFunction(readCode, wrapper);
  if (target === undefined || !directCalls(readCode, plain).includes(target)) return undefined;
  const offset = cheapEntry(readCode, target);
  return offset === undefined ? undefined : { offset, countArgument: flagged === undefined ? 4 : 5 };
}
