// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader, HttpRequest, HttpResponse, ParsedExchange } from '@flowtap/core';
import { UNKNOWN_NAME } from '../src/index.js';

interface Known {
  readonly request: HttpRequest | undefined;
  readonly response: HttpResponse | undefined;
}

/**
 * Compares what was understood of a damaged recording with what is understood of the whole one, exchange by exchange.
 *
 * @returns descriptions of everything that is wrong. What is missing and said to be is not.
 */
export function findWrongClaims(
  whole: readonly ParsedExchange[],
  damaged: readonly ParsedExchange[],
): readonly string[] {
  const truth = whole.map(({ request, response }): Known => ({ request, response }) as Known);
  const wrong: string[] = [];
  for (const exchange of damaged) {
    const request = exchange.request as HttpRequest | undefined;
    const response = exchange.response as HttpResponse | undefined;
    const label = `${request?.target ?? '–'} → ${response?.status ?? '–'} ${exchange.error?.code ?? ''}`;
    const claim = (isRight: boolean, what: string) => {
      if (!isRight) wrong.push(`${label}: ${what}`);
    };
    claim(exchange.complete || exchange.error !== undefined, 'incomplete without a reason');
    const known = truth.filter((one) => isPossible(one, request, response));
    claim(known.length > 0, 'no exchange took place that this can be');
    const unknowns = [request, response].flatMap((one) => [...(one?.headers ?? []), ...(one?.trailers ?? [])]);
    const isIncomplete = unknowns.some(([name]) => name === UNKNOWN_NAME);
    claim(!isIncomplete || exchange.headersIncomplete === true, 'unknown fields, but headersIncomplete is not set');
    if (exchange.complete && exchange.headersIncomplete === undefined) {
      claim(
        known.some((one) => isSame(one.request, request) && isSame(one.response, response)),
        'said to be complete, but something is missing',
      );
    }
  }
  return wrong;
}

function isPossible(known: Known, request: HttpRequest | undefined, response: HttpResponse | undefined): boolean {
  if (request !== undefined) {
    if (known.request === undefined) return false;
    if (request.method !== '' && request.method !== known.request.method) return false;
    if (request.target !== '' && request.target !== known.request.target) return false;
    if (!isPart(request, known.request)) return false;
  }
  if (response !== undefined) {
    if (known.response === undefined) return false;
    if (response.status !== 0 && response.status !== known.response.status) return false;
    if (!isPart(response, known.response)) return false;
  }
  return true;
}

function isPart(message: HttpRequest | HttpResponse, known: HttpRequest | HttpResponse): boolean {
  const isKnown = ([name, value]: HttpHeader, all: readonly HttpHeader[]) =>
    name === UNKNOWN_NAME
      ? value === '' || all.some((header) => header[1] === value)
      : all.some((header) => header[0] === name && header[1] === value);
  if (!message.headers.every((header) => isKnown(header, known.headers))) return false;
  // Of a message without its head, trailers are all there is.
  if (!(message.trailers ?? []).every((header) => isKnown(header, [...(known.trailers ?? []), ...known.headers]))) {
    return false;
  }
  const { bytes, truncated, size } = message.body;
  if (size > known.body.size || bytes.length > known.body.bytes.length) return false;
  if (!truncated) return bytes.equals(known.body.bytes);
  // A body whose beginning was missed is the rest of the whole one.
  return known.body.bytes.includes(bytes);
}

function isSame(
  known: HttpRequest | HttpResponse | undefined,
  message: HttpRequest | HttpResponse | undefined,
): boolean {
  return (
    known !== undefined &&
    message !== undefined &&
    JSON.stringify([known.headers, known.trailers]) === JSON.stringify([message.headers, message.trailers]) &&
    known.body.size === message.body.size
  );
}
