// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from '../flow/flow.js';
import { endpointText, pathOfTarget, requestUrl } from '../http/http-flow.js';
import type { HttpRequest } from '../http/http-message.js';

/** What RFC 3986 allows in a path, query and fragment; a percent sign only before two digits. */
const NOT_ALLOWED = /[^A-Za-z0-9\-._~!$&'()*+,;=:@/?#%]|%(?![0-9A-Fa-f]{2})|#(?=.*#)/gs;

/** RFC 2606 §2: a name that nobody has. */
const NO_HOST = 'unknown.invalid';

/** RFC 3986 §3.1 */
const SCHEME = /^[A-Za-z][A-Za-z0-9+.-]*$/;

/**
 * The request's URL, valid by RFC 3986 and for browsers whatever bytes the target and the Host field had: one URL that they
 * cannot read makes them refuse the whole archive.
 */
export function harUrl(flow: ExchangeFlow, request: HttpRequest): string {
  const url = encodedUrl(flow, request);
  if (URL.canParse(url)) return url;
  const { destination } = flow;
  const host = destination !== undefined && 'address' in destination ? endpointText(destination) : NO_HOST;
  const path = pathOfTarget(request.target);
  return `${SCHEME.test(flow.scheme) ? flow.scheme : 'http'}://${host}${path === undefined ? '/' : encode(path)}`;
}

function encodedUrl(flow: ExchangeFlow, request: HttpRequest): string {
  // An authority-form target (RFC 9112 §3.2.3) has no scheme of its own.
  const url = request.method === 'CONNECT' ? `${flow.scheme}://${request.target}` : requestUrl(flow, request);
  const start = url.indexOf('://');
  if (start < 0) return encode(url);
  const slash = url.slice(start + 3).search(/[/?#]/);
  const path = slash < 0 ? url.length : start + 3 + slash;
  return encodeAuthority(url.slice(0, path)) + encode(url.slice(path));
}

function encode(text: string): string {
  return text.replace(NOT_ALLOWED, percentEncode);
}

/** Brackets stand around an IPv6 address, and in user information that was redacted. */
function encodeAuthority(text: string): string {
  const at = text.lastIndexOf('@');
  const host = text.slice(at + 1);
  const isIpv6 = /\[[0-9A-Fa-f:.]+\](:\d*)?$/.test(host);
  return encode(text.slice(0, at + 1)) + (isIpv6 ? host : encode(host));
}

/** Header and target text is Latin-1, one character a byte. */
function percentEncode(text: string): string {
  return [...Buffer.from(text, 'latin1')]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
}

export interface HarNameValue {
  readonly name: string;
  readonly value: string;
}

/** Parameters of the target's query, decoded as forms are. */
export function harQuery(target: string): readonly HarNameValue[] {
  const start = target.indexOf('?');
  if (start < 0) return [];
  const end = target.indexOf('#', start);
  const query = target.slice(start + 1, end < 0 ? target.length : end);
  return [...new URLSearchParams(query)].map(([name, value]) => ({ name, value }));
}
