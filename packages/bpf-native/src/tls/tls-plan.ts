// SPDX-License-Identifier: Apache-2.0

import type { GoProbePlace } from '../go/go-probes.js';

/**
 * Where plaintext is observed: behind the exported functions, or at them; what is read where it is copied to whoever reads,
 * and what is written in one of these ways; in Go programs at the calls that it passes, or at entry and return of Read and
 * Write.
 */
export type TlsPlace = 'internal' | 'exported' | 'inner-copies' | GoProbePlace;

export interface Probe {
  /** In the file. */
  readonly offset: number;
  readonly cookie: number;
}

/** What to probe of one library. */
export interface LibraryPlan {
  readonly place: TlsPlace;
  /** Functions that take or give plaintext: at entry and at return. */
  readonly transfers: readonly Probe[];
  /** Functions that tell a session's socket and its end: at entry. */
  readonly bindings: readonly Probe[];
}

/** Attach cookie: the function, and above it the position of the count argument (bpf/event.h). */
export function probeCookie(tlsFunction: number, countArgument: number): number {
  return tlsFunction | (countArgument << 8);
}

/** The function in such a cookie. */
export function functionOf(cookie: number): number {
  return cookie & 0xff;
}

/** Probes for those of the wanted functions (symbol → cookie) that the file has (symbol → offset). */
export function selectProbes(functions: ReadonlyMap<string, number>, wanted: ReadonlyMap<string, number>): Probe[] {
  return [...wanted].flatMap(([symbol, cookie]) => {
    const offset = functions.get(symbol);
    return offset === undefined ? [] : [{ offset, cookie }];
  });
}
