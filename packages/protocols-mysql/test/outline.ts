// SPDX-License-Identifier: Apache-2.0
import type { ParsedExchange } from '@flowtap/core';
import type { ParserRun, ParserStep } from '@flowtap/core/testing';
import type { MysqlRequest, MysqlResponse } from '../src/index.js';
import { greeting, type LoginInit, login, message, ok } from './packets.js';

export type Step = Exclude<ParserStep, { readonly gapBytes: number }>;

export const client = (...parts: readonly Buffer[]): Step => ({ direction: 'egress', bytes: Buffer.concat(parts) });
export const server = (...parts: readonly Buffer[]): Step => ({ direction: 'ingress', bytes: Buffer.concat(parts) });

/** A connection up to the point where commands begin. */
export function connected(init: LoginInit = {}): Step[] {
  return [server(greeting()), client(login(init)), server(message(2, ok()))];
}

export interface Outline {
  readonly request: MysqlRequest | undefined;
  readonly response: MysqlResponse | undefined;
  readonly error: string | undefined;
  readonly complete: boolean;
  readonly joined: 'late' | undefined;
}

export function outline({ request, response, error, complete, joined }: ParsedExchange): Outline {
  return {
    request: request as MysqlRequest | undefined,
    response: response as MysqlResponse | undefined,
    error: error?.code,
    complete,
    joined,
  };
}

/** The exchanges after the login. */
export function commands({ exchanges }: ParserRun): readonly Outline[] {
  return exchanges.map(outline).filter(({ request }) => request?.operation !== 'connect');
}

export function only(outlines: readonly Outline[]): Outline {
  const [first] = outlines;
  if (first === undefined || outlines.length > 1) throw new Error(`there are ${outlines.length} exchanges`);
  return first;
}
