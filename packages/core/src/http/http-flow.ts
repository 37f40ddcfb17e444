// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow, Flow } from '../flow/flow.js';
import { HttpBody } from './http-body.js';
import type { HttpRequest, HttpResponse } from './http-message.js';

const QUESTION_MARK = 0x3f;
const NUMBER_SIGN = 0x23;

/** HTTP messages by shape, not by protocol name: HTTP/1, HTTP/2 and others share them. */
export function isHttpMessage<M>(message: M): message is Extract<M, HttpRequest | HttpResponse> {
  return HttpBody.isInstance((message as Partial<HttpRequest> | undefined)?.body);
}

/** Flows of the protocols whose messages are HTTP's. */
export type HttpFlow = Extract<ExchangeFlow, { readonly request?: HttpRequest }>;

/** An exchange whose messages, as far as there are any, are HTTP's. */
export function isHttpFlow(flow: Flow): flow is HttpFlow {
  if (flow.kind !== 'flow') return false;
  return isHttpMessage(flow.request) || isHttpMessage(flow.response);
}

/** Host of `host`, `host:port` or `[v6]:port`, without brackets, as it is written. */
export function hostOfAuthority(authority: string): string {
  const host = authority.slice(authority.lastIndexOf('@') + 1);
  if (host.startsWith('[')) {
    const end = host.indexOf(']');
    return end < 0 ? host : host.slice(1, end);
  }
  const colon = host.indexOf(':');
  return colon < 0 ? host : host.slice(0, colon);
}

/** Value of the first header of that name, which must be in lower case. */
export function headerValue(message: HttpRequest | HttpResponse, lowerCaseName: string): string | undefined {
  for (const [name, value] of message.headers) {
    if (name.length === lowerCaseName.length && name.toLowerCase() === lowerCaseName) return value;
  }
  return undefined;
}

/** Absolute URL of a request, also where the target is only a path (RFC 9110 §7.1). */
export function requestUrl(flow: ExchangeFlow, request: HttpRequest): string {
  const { target, authority } = request;
  if (request.method === 'CONNECT' || target.includes('://')) return target;
  const host = authority ?? endpointAuthority(flow);
  return `${flow.scheme}://${host}${target === '*' ? '' : target}`;
}

/** Path of a request target, without its query; undefined for an authority (CONNECT) and for `*`. */
export function pathOfTarget(target: string): string | undefined {
  if (target.startsWith('/')) return target.slice(0, endOfPath(target, 0));
  const scheme = target.indexOf('://');
  if (scheme < 0) return undefined;
  const start = scheme + '://'.length;
  const end = endOfPath(target, start);
  const slash = target.indexOf('/', start);
  return slash < 0 || slash >= end ? '/' : target.slice(slash, end);
}

function endOfPath(target: string, start: number): number {
  for (let index = start; index < target.length; index += 1) {
    const code = target.charCodeAt(index);
    if (code === QUESTION_MARK || code === NUMBER_SIGN) return index;
  }
  return target.length;
}

function endpointAuthority({ destination }: ExchangeFlow): string {
  if (destination === undefined) return '';
  return endpointText(destination);
}

/** `address:port`, `[v6]:port`, or `unix:` and the path. */
export function endpointText(endpoint: { address: string; port: number } | { path: string }): string {
  if ('path' in endpoint) return `unix:${endpoint.path}`;
  return endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}
