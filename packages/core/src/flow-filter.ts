// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from './errors.js';
import type { Flow } from './flow.js';
import { endpointText, hostOfAuthority, isHttpMessage } from './http-flow.js';

export interface FlowCriteria {
  /** Host of the request (or server name of an opaque connection): exact, or `*.example.com` for all names below. */
  readonly host?: string;
  /** `404`, `'404'`, a class such as `'5xx'`, or a range such as `'400-499'`. */
  readonly status?: string | number;
  readonly method?: string | readonly string[];
}

/** What to keep: a predicate, or criteria that must all hold. */
export type FlowFilter = ((flow: Flow) => boolean) | FlowCriteria;

/** @throws ConfigError `CONFIG_INVALID_OPTION` for a criterion that means nothing. */
export function createFlowFilter(filter: FlowFilter): (flow: Flow) => boolean {
  if (typeof filter === 'function') return filter;
  const known = ['host', 'status', 'method'];
  const unknown = Object.keys(filter).find((key) => !known.includes(key));
  if (unknown !== undefined) throw invalid('filter', unknown, `Known criteria are ${known.join(', ')}.`);
  const tests: ((flow: Flow) => boolean)[] = [];
  if (filter.host !== undefined) tests.push(hostTest(filter.host));
  if (filter.status !== undefined) tests.push(statusTest(filter.status));
  if (filter.method !== undefined) tests.push(methodTest(filter.method));
  return (flow) => tests.every((test) => test(flow));
}

function hostTest(pattern: string): (flow: Flow) => boolean {
  if (typeof pattern !== 'string' || !/^(\*\.)?[^\s*/]+$/.test(pattern)) {
    throw invalid('host', pattern, 'Give a host name or address, or *.example.com for all names below one.');
  }
  const wanted = pattern.toLowerCase();
  const suffix = wanted.startsWith('*.') ? wanted.slice(1) : undefined;
  return (flow) => {
    const authority = authorityOf(flow)?.toLowerCase();
    if (authority === undefined) return false;
    const host = hostOfAuthority(authority);
    if (suffix !== undefined) return host.length > suffix.length && host.endsWith(suffix);
    return host === wanted || authority === wanted || `[${host}]` === wanted;
  };
}

function authorityOf(flow: Flow): string | undefined {
  const destination = flow.destination && endpointText(flow.destination);
  if (flow.kind === 'opaque') return flow.sni ?? destination ?? (flow.remote && endpointText(flow.remote));
  return (isHttpMessage(flow.request) ? flow.request.authority : undefined) ?? destination;
}

function statusTest(status: string | number): (flow: Flow) => boolean {
  const [lowest, highest] = statusRange(String(status));
  return (flow) => {
    if (flow.kind !== 'flow' || !isHttpMessage(flow.response)) return false;
    return flow.response.status >= lowest && flow.response.status <= highest;
  };
}

function statusRange(text: string): readonly [number, number] {
  const digit = /^([1-9])xx$/i.exec(text)?.[1];
  if (digit !== undefined) return [Number(digit) * 100, Number(digit) * 100 + 99];
  const range = /^([1-9]\d\d)(?:-([1-9]\d\d))?$/.exec(text);
  const lowest = Number(range?.[1]);
  const highest = Number(range?.[2] ?? range?.[1]);
  if (range === null || lowest > highest) {
    throw invalid('status', text, 'Give a status such as 404, a class such as 5xx or a range such as 400-499.');
  }
  return [lowest, highest];
}

function methodTest(method: string | readonly string[]): (flow: Flow) => boolean {
  const names = (typeof method === 'string' ? [method] : [...method]).map((name) => String(name).toUpperCase());
  // RFC 9110 §9.1: a method is a token.
  if (names.length === 0 || !names.every((name) => /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/.test(name))) {
    throw invalid('method', method, 'Give a request method such as GET, or several.');
  }
  const wanted = new Set(names);
  return (flow) => flow.kind === 'flow' && isHttpMessage(flow.request) && wanted.has(flow.request.method.toUpperCase());
}

function invalid(option: string, value: unknown, hint: string): ConfigError {
  return new ConfigError('CONFIG_INVALID_OPTION', `The filter's ${option} cannot be ${JSON.stringify(value)}.`, {
    hint,
  });
}
