// SPDX-License-Identifier: Apache-2.0

/** Closes a `switch` over a union: the compiler refuses a case that was forgotten. */
export function assertNever(value: never): never {
  throw new TypeError(`unexpected value ${String(value)}`);
}
