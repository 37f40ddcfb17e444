// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader } from '../http/http-message.js';

export interface HarCookie {
  readonly name: string;
  readonly value: string;
  readonly path?: string;
  readonly domain?: string;
  readonly expires?: string;
  readonly httpOnly?: boolean;
  readonly secure?: boolean;
}

/** Cookies of the Cookie headers (RFC 6265 §5.4). */
export function requestCookies(headers: readonly HttpHeader[]): readonly HarCookie[] {
  return valuesOf(headers, 'cookie').flatMap((value) =>
    value
      .split(';')
      .filter((pair) => pair.trim() !== '')
      .map(nameAndValue),
  );
}

/** Cookies of the Set-Cookie headers (RFC 6265 §5.2). */
export function responseCookies(headers: readonly HttpHeader[]): readonly HarCookie[] {
  return valuesOf(headers, 'set-cookie').map((value) => {
    const [pair = '', ...attributes] = value.split(';');
    const named = new Map(attributes.map(nameAndValue).map(({ name, value }) => [name.toLowerCase(), value]));
    const path = named.get('path');
    const domain = named.get('domain');
    const expires = new Date(named.get('expires') ?? Number.NaN);
    return {
      ...nameAndValue(pair),
      ...(path === undefined ? {} : { path }),
      ...(domain === undefined ? {} : { domain }),
      ...(Number.isNaN(expires.getTime()) ? {} : { expires: expires.toISOString() }),
      httpOnly: named.has('httponly'),
      secure: named.has('secure'),
    };
  });
}

function valuesOf(headers: readonly HttpHeader[], lowerCaseName: string): readonly string[] {
  return headers.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value);
}

function nameAndValue(pair: string): { readonly name: string; readonly value: string } {
  const equals = pair.indexOf('=');
  if (equals < 0) return { name: pair.trim(), value: '' };
  return { name: pair.slice(0, equals).trim(), value: pair.slice(equals + 1).trim() };
}
