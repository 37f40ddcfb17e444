// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '../flow/flow.js';
import { isHttpMessage } from '../http/http-flow.js';
import { criterionError } from './criterion-error.js';

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function statusTest(status: string | number): (flow: Flow) => boolean {
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
    throw criterionError('status', text, 'Give a status such as 404, a class such as 5xx or a range such as 400-499.');
  }
  return [lowest, highest];
}

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function methodTest(method: string | readonly string[]): (flow: Flow) => boolean {
  const names = (typeof method === 'string' ? [method] : [...method]).map((name) => String(name).toUpperCase());
  // RFC 9110 §9.1: a method is a token.
  if (names.length === 0 || !names.every((name) => /^[!#$%&'*+\-.^_`|~0-9A-Z]+$/.test(name))) {
    throw criterionError('method', method, 'Give a request method such as GET, or several.');
  }
  const wanted = new Set(names);
  return (flow) => flow.kind === 'flow' && isHttpMessage(flow.request) && wanted.has(flow.request.method.toUpperCase());
}
