// SPDX-License-Identifier: Apache-2.0

import type { Flow } from '../flow/flow.js';
import { criterionError } from './criterion-error.js';
import { hostTest } from './host.js';
import { methodTest, statusTest } from './http.js';
import { containerTest, portTest, processTest, protocolTest } from './origin.js';
import { pathTest } from './path.js';
import { sampleTest } from './sample.js';

/** What a flow must be like; all that are given must hold. */
export interface FlowCriteria {
  /** Host of the request (or server name of an opaque connection): exact, or `*.example.com` for all names below. */
  readonly host?: string;
  /**
   * Path of the request, without its query: the whole of it, where `*` stands for any characters but `/` and `**` for any
   * characters (`/users/*`, `/static/**`); or an expression that is searched in it.
   */
  readonly path?: string | RegExp;
  /** `404`, `'404'`, a class such as `'5xx'`, or a range such as `'400-499'`. */
  readonly status?: string | number;
  readonly method?: string | readonly string[];
  /** Of the observed process: its id, its name, or the name or whole path of its program. */
  readonly process?: string | number;
  /** Of the observed process: name of its container, or at least 6 digits of the id. */
  readonly container?: string;
  /** Port of the server; either end's where nobody saw which is the server. */
  readonly port?: string | number;
  /** `Flow.protocol`: one name, or several. */
  readonly protocol?: string | readonly string[];
  /**
   * Share of the flows to keep, above 0 and up to 1. The flow's id decides, so that everybody who asks for the same share
   * keeps the same flows, that a flow which opens ends too, and that a larger share has all flows of a smaller one.
   */
  readonly sample?: number;
}

/** What to keep: a predicate, or criteria that must all hold. */
export type FlowFilter = ((flow: Flow) => boolean) | FlowCriteria;

/** The flows that pass a filter, as far as its type tells: what a type predicate says, or those of the named protocols. */
export type FilteredFlow<F> =
  F extends FlowPredicate<infer T> ? T : F extends { readonly protocol: infer P } ? FlowOfProtocol<NameOf<P>> : Flow;

type FlowPredicate<T extends Flow> = (flow: Flow) => flow is T;

type NameOf<P> = P extends readonly (infer Name)[] ? Name : P;

/** A name that no package has declared may be that of any flow. */
type FlowOfProtocol<P> = [Extract<Flow, { readonly protocol: P }>] extends [never]
  ? Flow
  : Extract<Flow, { readonly protocol: P }>;

type Criteria = Required<FlowCriteria>;
type Tests = { readonly [K in keyof Criteria]: (value: Criteria[K]) => (flow: Flow) => boolean };

/** Cheap ones and those that keep little first. */
const TESTS: Tests = {
  protocol: protocolTest,
  port: portTest,
  process: processTest,
  container: containerTest,
  method: methodTest,
  status: statusTest,
  sample: sampleTest,
  host: hostTest,
  path: pathTest,
};

/** @throws ConfigError `CONFIG_INVALID_OPTION` for a criterion that means nothing. */
export function createFlowFilter(filter: FlowFilter): (flow: Flow) => boolean {
  if (typeof filter === 'function') return filter;
  const unknown = Object.keys(filter).find((key) => !Object.hasOwn(TESTS, key));
  if (unknown !== undefined) {
    throw criterionError('criterion', unknown, `Known criteria are ${Object.keys(TESTS).join(', ')}.`);
  }
  const tests = (Object.keys(TESTS) as (keyof Criteria)[]).flatMap((name) => testOf(name, filter[name]));
  return (flow) => tests.every((test) => test(flow));
}

function testOf<K extends keyof Criteria>(
  name: K,
  value: Criteria[K] | undefined,
): readonly ((flow: Flow) => boolean)[] {
  return value === undefined ? [] : [TESTS[name](value)];
}
