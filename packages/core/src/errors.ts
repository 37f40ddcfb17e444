// SPDX-License-Identifier: Apache-2.0

const MARKER = Symbol.for('flowtap.error');

export interface FlowtapErrorOptions {
  /** What the user can do about it, one sentence. Appended to the message. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** Base of every error that Flowtap throws on purpose. `code` is stable; `message` says what, with which value, and what to do. */
export class FlowtapError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly [MARKER] = true;

  constructor(code: string, message: string, options: FlowtapErrorOptions = {}) {
    super(options.hint === undefined ? message : `${message} ${options.hint}`, { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = options.hint;
  }

  /** Also true for errors of another copy of the package. */
  static isInstance(value: unknown): value is FlowtapError {
    return typeof value === 'object' && value !== null && MARKER in value;
  }
}

/** Thrown synchronously by constructors and factories: names the option, its value and what is allowed. */
export class ConfigError extends FlowtapError {}

/** A method was called in a state that does not allow it. */
export class StateError extends FlowtapError {}

/** An event log cannot be read or written. */
export class EventLogError extends FlowtapError {}

/** What was thrown, which may be anything, as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
