// SPDX-License-Identifier: Apache-2.0

/** Text where the bytes are valid UTF-8, else the bytes. In JSON bytes are `{ "base64": … }`. */
export type RedisString = string | Uint8Array;

/** A string of which only the first bytes were kept or captured. */
export interface RedisCutString {
  readonly type: 'cut';
  /** Bytes that passed. */
  readonly size: number;
  readonly kept: RedisString;
}

export type RedisArgument = RedisString | RedisCutString;

/** What a client asked. */
export interface RedisCommand {
  readonly kind: 'redis';
  /** In upper case, such as `GET`. Subcommands are arguments. */
  readonly command: string;
  /** The first ones, with at most `maxBodyBytes` together. Passwords are `[redacted]`. */
  readonly arguments: readonly RedisArgument[];
  /** Arguments that passed, kept or not. */
  readonly argumentCount: number;
  /** Bytes on the wire. */
  readonly size: number;
  /** It came as a line of words, not as an array. */
  readonly inline?: true;
}

export interface RedisError {
  /** First word, such as `WRONGTYPE` or `ERR`. */
  readonly code: string;
  /** All of it, the code included. */
  readonly message: string;
}

export type RedisEntry = readonly [key: RedisValue, value: RedisValue];

/** Values that JavaScript has no type of its own for, and lists of which not all was kept. */
export type RedisObject =
  | RedisCutString
  /** A set, or an array of which the first items were kept. `count`: items that passed. */
  | { readonly type: 'array' | 'set'; readonly count: number; readonly items: readonly RedisValue[] }
  | { readonly type: 'map'; readonly count: number; readonly entries: readonly RedisEntry[] }
  /** `inf`, `-inf` or `nan`. */
  | { readonly type: 'double'; readonly text: string }
  /** Text with a format of three letters, such as `txt` or `mkd`. */
  | { readonly type: 'verbatim'; readonly format: string; readonly text: RedisArgument }
  /** An error within an aggregate, such as the result of one command of a transaction. */
  | ({ readonly type: 'error' } & RedisError)
  /** A value within an aggregate that the server annotates. */
  | { readonly type: 'attributed'; readonly attributes: readonly RedisEntry[]; readonly value: RedisValue };

/**
 * A value as JavaScript has it: strings, numbers (`bigint` where a number is not exact), booleans, `null`, arrays; anything
 * else is an object with a `type`.
 */
export type RedisValue = RedisString | number | bigint | boolean | null | readonly RedisValue[] | RedisObject;

/** What the server answered: a value or an error. */
export interface RedisReply {
  readonly kind: 'redis';
  /** To a command that subscribes: its confirmations. */
  readonly value?: RedisValue;
  /** The server refused: an error of the command, not of the capture. */
  readonly error?: RedisError;
  /** What the server annotated the reply with (RESP3). */
  readonly attributes?: readonly RedisEntry[];
  /** Bytes on the wire. */
  readonly size: number;
  /** Not all of the value was kept or captured. */
  readonly truncated?: true;
}
