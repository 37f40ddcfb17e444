// SPDX-License-Identifier: Apache-2.0
import type { HttpHeader, HttpResponse } from '@flowtap/core';
import { DEFLATE_EXTENSION } from './constants.js';

/** How the messages of one direction are compressed (RFC 7692 §7.1). */
export interface DeflateParameters {
  /** Messages refer to earlier ones. */
  readonly takesOver: boolean;
  /** Base-2 logarithm of how far back. */
  readonly windowBits: number;
}

/** What the server agreed to. */
export interface Extensions {
  readonly client: DeflateParameters;
  readonly server: DeflateParameters;
  /** Whether a message may have the bit of permessage-deflate. */
  readonly hasDeflate: boolean;
}

const MAX_WINDOW_BITS = 15;
const DEFAULTS: DeflateParameters = { takesOver: true, windowBits: MAX_WINDOW_BITS };

/** Nothing is known: what the bits of the messages say is believed. */
export const UNKNOWN_EXTENSIONS: Extensions = { client: DEFAULTS, server: DEFAULTS, hasDeflate: true };

/** Reads Sec-WebSocket-Extensions of the server's answer (RFC 6455 §9.1, RFC 7692 §7.1). */
export function readExtensions(response: HttpResponse): Extensions {
  const deflate = offers(response.headers).find(([name]) => name === DEFLATE_EXTENSION);
  if (deflate === undefined) return { client: DEFAULTS, server: DEFAULTS, hasDeflate: false };
  const parameters = new Map(deflate.slice(1).map(parameter));
  const side = (name: 'client' | 'server'): DeflateParameters => ({
    takesOver: !parameters.has(`${name}_no_context_takeover`),
    windowBits: windowBits(parameters.get(`${name}_max_window_bits`)),
  });
  return { client: side('client'), server: side('server'), hasDeflate: true };
}

/** Name and parameters of each extension. */
function offers(headers: readonly HttpHeader[]): readonly (readonly string[])[] {
  return headers
    .filter(([name]) => name.toLowerCase() === 'sec-websocket-extensions')
    .flatMap(([, value]) => value.toLowerCase().split(','))
    .map((offer) => offer.split(';').map((part) => part.trim()));
}

function parameter(text: string): readonly [string, string] {
  const [name = '', value = ''] = text.split('=', 2);
  return [name.trim(), value.trim().replace(/^"(.*)"$/, '$1')];
}

/** RFC 7692 §7.1.2: 8 to 15. */
function windowBits(value: string | undefined): number {
  return value !== undefined && /^(?:[89]|1[0-5])$/.test(value) ? Number(value) : MAX_WINDOW_BITS;
}
