// SPDX-License-Identifier: Apache-2.0

import { createFlowFilter, type FlowCriteria } from '../criteria/flow-filter.js';
import { ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import { completenessOf } from '../flow/flow-completeness.js';
import { isSqlRequest } from '../flow/sql-messages.js';
import type { HttpBody } from '../http/http-body.js';
import { endpointText, isHttpMessage, requestUrl } from '../http/http-flow.js';
import type { HttpHeader, HttpRequest, HttpResponse } from '../http/http-message.js';
import { shown } from './shown-value.js';

/**
 * A body: a string is its whole text, an expression is searched in its text, bytes are all of its bytes; anything else is
 * compared with the JSON that the body is, so that `expect.objectContaining` and its kin work. Content codings are removed.
 */
export type ExpectedBody = string | RegExp | Uint8Array | object;

/** What a flow is to be like; all that is given must hold. */
export interface ExpectedFlow extends Omit<FlowCriteria, 'sample'> {
  /** Whole URL of the request, or an expression that is searched in it. */
  readonly url?: string | RegExp;
  /** By name, in any case. A string is a whole value. */
  readonly requestHeaders?: Readonly<Record<string, string | RegExp>>;
  readonly responseHeaders?: Readonly<Record<string, string | RegExp>>;
  readonly requestBody?: ExpectedBody;
  readonly responseBody?: ExpectedBody;
  /** Text of a statement, whole, or an expression that is searched in it. */
  readonly sql?: string | RegExp;
  /** Nothing of the flow is missing (`completenessOf`). */
  readonly whole?: boolean;
}

/** One thing that is expected. */
export interface FlowCheck {
  readonly name: string;
  /** As a reader wants to see it. */
  readonly expected: string;
  passes(flow: Flow): boolean;
  /** What the flow has instead. */
  actual(flow: Flow): string;
}

export type Equals = (actual: unknown, expected: unknown) => boolean;

/** Of the core's filter, with what a flow has there. */
const CRITERIA: { readonly [K in keyof Omit<FlowCriteria, 'sample'>]-?: (flow: Flow) => unknown } = {
  method: (flow) => requestOf(flow)?.method,
  host: (flow) => requestOf(flow)?.authority ?? (flow.destination && endpointText(flow.destination)),
  path: (flow) => requestOf(flow)?.target,
  status: (flow) => responseOf(flow)?.status,
  process: ({ process }) => `${process.comm} (${process.pid})`,
  container: ({ container, process }) => container?.name ?? process.containerId,
  port: ({ destination }) => destination && endpointText(destination),
  protocol: ({ protocol }) => protocol,
};

type Maker<K extends keyof ExpectedFlow> = (
  value: Required<ExpectedFlow>[K],
  equals: Equals,
) => Pick<FlowCheck, 'passes'> & { actual(flow: Flow): unknown };

const OTHERS: { readonly [K in Exclude<keyof ExpectedFlow, keyof FlowCriteria>]-?: Maker<K> } = {
  url: (expected) => textCheck(expected, urlOf),
  requestHeaders: (expected) => headersCheck(expected, requestOf),
  responseHeaders: (expected) => headersCheck(expected, responseOf),
  requestBody: (expected, equals) => bodyCheck(expected, equals, requestOf),
  responseBody: (expected, equals) => bodyCheck(expected, equals, responseOf),
  sql: (expected) => textCheck(expected, sqlOf),
  whole: (expected) => ({
    passes: (flow) => completenessOf(flow).isWhole === expected,
    actual: (flow) => (completenessOf(flow).isWhole ? true : `without ${completenessOf(flow).missing.join(', ')}`),
  }),
};

/** @throws ConfigError `CONFIG_INVALID_OPTION` for an expectation that means nothing. */
export function checksOf(expected: ExpectedFlow, equals: Equals): readonly FlowCheck[] {
  return Object.entries(expected).flatMap(([name, value]): readonly FlowCheck[] => {
    if (value === undefined) return [];
    const { passes, actual } = checkOf(name, value, equals);
    return [{ name, expected: shown(value), passes, actual: (flow) => shown(actual(flow)) }];
  });
}

function checkOf(name: string, value: unknown, equals: Equals): ReturnType<Maker<'url'>> {
  if (Object.hasOwn(CRITERIA, name)) {
    return { passes: createFlowFilter({ [name]: value }), actual: CRITERIA[name as keyof typeof CRITERIA] };
  }
  if (Object.hasOwn(OTHERS, name)) {
    // The name decides the type of the value.
    return (OTHERS[name as keyof typeof OTHERS] as (value: unknown, equals: Equals) => ReturnType<Maker<'url'>>)(
      value,
      equals,
    );
  }
  const known = [...Object.keys(CRITERIA), ...Object.keys(OTHERS)].join(', ');
  throw new ConfigError('CONFIG_INVALID_OPTION', `Nothing is known of '${name}' in an expected flow.`, {
    hint: `What can be expected are ${known}.`,
  });
}

function textCheck(expected: string | RegExp, read: (flow: Flow) => string | undefined) {
  return { passes: (flow: Flow) => matches(read(flow), expected), actual: read };
}

function headersCheck(
  expected: Readonly<Record<string, string | RegExp>>,
  read: (flow: Flow) => HttpRequest | HttpResponse | undefined,
) {
  const valuesOf = (flow: Flow, name: string) =>
    (read(flow)?.headers ?? []).filter((header) => isNamed(header, name)).map(([, value]) => value);
  return {
    passes: (flow: Flow) =>
      Object.entries(expected).every(([name, value]) => valuesOf(flow, name).some((found) => matches(found, value))),
    actual: (flow: Flow) =>
      Object.fromEntries(Object.keys(expected).map((name) => [name, valuesOf(flow, name).join(', ') || undefined])),
  };
}

function isNamed([name]: HttpHeader, wanted: string): boolean {
  return name.toLowerCase() === wanted.toLowerCase();
}

function bodyCheck(
  expected: ExpectedBody,
  equals: Equals,
  read: (flow: Flow) => HttpRequest | HttpResponse | undefined,
) {
  return {
    passes: (flow: Flow) => bodyMatches(read(flow)?.body, expected, equals),
    actual: (flow: Flow) => {
      const body = read(flow)?.body;
      return body && (body.text() ?? body.decoded().bytes);
    },
  };
}

function bodyMatches(body: HttpBody | undefined, expected: ExpectedBody, equals: Equals): boolean {
  if (body === undefined) return false;
  if (typeof expected === 'string' || expected instanceof RegExp) return matches(body.text(), expected);
  if (expected instanceof Uint8Array) return body.decoded().bytes.equals(expected);
  try {
    return equals(JSON.parse(body.text() ?? ''), expected);
  } catch {
    return false;
  }
}

function matches(text: string | undefined, expected: string | RegExp): boolean {
  if (text === undefined) return false;
  return typeof expected === 'string' ? text === expected : text.search(expected) >= 0;
}

function requestOf(flow: Flow): HttpRequest | undefined {
  return flow.kind === 'flow' && isHttpMessage(flow.request) ? flow.request : undefined;
}

function responseOf(flow: Flow): HttpResponse | undefined {
  return flow.kind === 'flow' && isHttpMessage(flow.response) ? flow.response : undefined;
}

export function urlOf(flow: Flow): string | undefined {
  const request = requestOf(flow);
  return request && flow.kind === 'flow' ? requestUrl(flow, request) : undefined;
}

export function sqlOf(flow: Flow): string | undefined {
  const request: unknown = flow.kind === 'flow' ? flow.request : undefined;
  return isSqlRequest(request) ? request.sql : undefined;
}
