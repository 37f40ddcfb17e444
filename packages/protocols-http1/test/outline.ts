// SPDX-License-Identifier: Apache-2.0
import type { HttpBody, HttpHeader, HttpRequest, HttpResponse, ParsedExchange } from '@flowtap/core';
import type { ParserRun } from '@flowtap/core/testing';

/** An exchange in few words, so that a test says everything that matters in one literal. */
export interface Outline {
  /** `GET /a HTTP/1.1`; absent when there is no request. */
  readonly request?: string;
  readonly requestBody?: string;
  readonly requestTrailers?: readonly HttpHeader[];
  /** `200 OK HTTP/1.1`; absent when there is no response. */
  readonly response?: string;
  readonly responseBody?: string;
  readonly responseTrailers?: readonly HttpHeader[];
  readonly complete: boolean;
  readonly error?: string;
  /** `ingress 10+5`: five bytes from offset ten. */
  readonly gaps?: readonly string[];
}

export function requestOf(exchange: ParsedExchange): HttpRequest | undefined {
  return exchange.request as HttpRequest | undefined;
}

export function responseOf(exchange: ParsedExchange): HttpResponse | undefined {
  return exchange.response as HttpResponse | undefined;
}

export function outline(exchange: ParsedExchange): Outline {
  const request = requestOf(exchange);
  const response = responseOf(exchange);
  return {
    ...(request && { request: `${request.method} ${request.target} HTTP/${request.httpVersion}` }),
    ...(request && describeBody('requestBody', request.body)),
    ...(request?.trailers && { requestTrailers: request.trailers }),
    ...(response && {
      response: `${response.status} ${response.reason} HTTP/${response.httpVersion}`.replace('  ', ' '),
    }),
    ...(response && describeBody('responseBody', response.body)),
    ...(response?.trailers && { responseTrailers: response.trailers }),
    complete: exchange.complete,
    ...(exchange.error && { error: exchange.error.code }),
    ...(exchange.gaps && { gaps: exchange.gaps.map((gap) => `${gap.direction} ${gap.offset}+${gap.bytes}`) }),
  };
}

export function outlines(run: ParserRun): readonly Outline[] {
  return run.exchanges.map(outline);
}

/** Empty bodies are left out; of one that is not all there the size is told. */
function describeBody(name: string, body: HttpBody): Record<string, string> {
  const text = body.bytes.toString('latin1');
  if (body.size === 0 && !body.truncated) return {};
  return { [name]: body.truncated ? `${text}… of ${body.size}` : text };
}
