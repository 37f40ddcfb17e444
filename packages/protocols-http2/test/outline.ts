// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader, HttpRequest, HttpResponse, ParsedExchange } from '@flowtap/core';
import type { ParserRun } from '@flowtap/core/testing';

/** What a test says about an exchange. */
export interface Outline {
  readonly request?: string;
  readonly requestHeaders?: readonly HttpHeader[];
  readonly requestBody?: string;
  readonly requestTrailers?: readonly HttpHeader[];
  readonly response?: string;
  readonly responseHeaders?: readonly HttpHeader[];
  readonly responseBody?: string;
  readonly responseTrailers?: readonly HttpHeader[];
  readonly complete?: boolean;
  readonly error?: string;
  readonly headersIncomplete?: true;
  readonly joined?: 'late';
}

/** Absent where empty. */
export function outline(exchange: ParsedExchange): Outline {
  const request = exchange.request as HttpRequest | undefined;
  const response = exchange.response as HttpResponse | undefined;
  return {
    ...(request && { request: `${request.method} ${exchange.scheme}://${request.authority ?? ''}${request.target}` }),
    ...(request?.headers.length && { requestHeaders: request.headers }),
    ...(request?.body.size && { requestBody: textOf(request) }),
    ...(request?.trailers && { requestTrailers: request.trailers }),
    ...(response && { response: String(response.status) }),
    ...(response?.headers.length && { responseHeaders: response.headers }),
    ...(response?.body.size && { responseBody: textOf(response) }),
    ...(response?.trailers && { responseTrailers: response.trailers }),
    ...(exchange.complete && { complete: true }),
    ...(exchange.error && { error: exchange.error.code }),
    ...(exchange.headersIncomplete && { headersIncomplete: true }),
    ...(exchange.joined && { joined: exchange.joined }),
  };
}

export function outlines(run: ParserRun): readonly Outline[] {
  return run.exchanges.map(outline);
}

/** latin1; `…` at the end stands for bytes that were not captured. */
function textOf({ body }: HttpRequest | HttpResponse): string {
  return body.bytes.toString('latin1') + (body.truncated ? '…' : '');
}
