// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import { ConfigError } from '../errors.js';
import type { ExchangeFlow, Flow } from '../flow/flow.js';
import { isHttpMessage } from '../http/http-flow.js';
import type { HttpHeader, HttpRequest, HttpResponse } from '../http/http-message.js';
import { IdentityCache } from './identity-cache.js';
import {
  HEADER_RULES,
  type HeaderRule,
  redactCookie,
  redactCredentials,
  redactSetCookie,
  redactWhole,
} from './redact-header.js';
import { redactSqlRequest } from './redact-sql.js';
import { createTagger } from './redact-tag.js';
import { REDACTED_QUERY_PARAMETERS, redactUrl } from './redact-url.js';
import { SecretNames } from './secret-names.js';

const REMEMBERED_LISTS = 512;
export interface RedactOptions {
  /** Names of further headers whose values are secret. */
  readonly headers?: readonly string[];
  /** Names of further query parameters whose values are secret. */
  readonly queryParameters?: readonly string[];
}

/**
 * Returns a function that replaces secrets of HTTP flows by `[redacted:<keyed hash>]`: the values of Authorization,
 * Proxy-Authorization, Cookie, Set-Cookie and X-Api-Key, of query parameters such as `access_token`
 * (`REDACTED_QUERY_PARAMETERS`) in the request target and in Referer and Location, and passwords in URLs. Trailers
 * too. Authentication schemes, cookie names and cookie attributes stay readable.
 *
 * Of SQL the passwords that a statement sets (`ALTER ROLE … PASSWORD '…'`, `IDENTIFIED BY '…'`) are replaced; parameters,
 * rows and other literals are not. Bodies are not redacted, nor are the messages of other protocols.
 *
 * The function returns the same object when there is nothing to redact, and never changes what it is given.
 *
 * @param key Equal secrets get equal hashes under the same key; keep it from readers who could test guesses.
 * @throws ConfigError `CONFIG_INVALID_OPTION` for an empty name.
 */
export function createRedactor(options: RedactOptions, key: Uint8Array): (flow: Flow) => Flow {
  const redactor = new Redactor(options, key);
  return (flow) => (flow.kind === 'flow' ? redactor.exchange(flow) : flow);
}

class Redactor {
  readonly #rules = new Map(HEADER_RULES);
  readonly #names = new SecretNames(HEADER_RULES.keys());
  readonly #parameters = new SecretNames(REDACTED_QUERY_PARAMETERS);
  readonly #tag: (value: string) => string;
  /** Redacted lists by the original: messages of one connection often share theirs. */
  readonly #known = new IdentityCache<readonly HttpHeader[]>(REMEMBERED_LISTS);

  constructor(options: RedactOptions, key: Uint8Array) {
    for (const name of lowerCaseNames('headers', options.headers)) {
      if (HEADER_RULES.has(name)) continue;
      this.#rules.set(name, 'whole');
      this.#names.add(name);
    }
    for (const name of lowerCaseNames('queryParameters', options.queryParameters)) this.#parameters.add(name);
    this.#tag = createTagger(key);
  }

  exchange(flow: ExchangeFlow): Flow {
    const request = isHttpMessage(flow.request)
      ? this.#request(flow.request)
      : redactSqlRequest(flow.request, this.#tag);
    const response = isHttpMessage(flow.response) ? this.#message(flow.response) : flow.response;
    if (request === flow.request && response === flow.response) return flow;
    return {
      ...flow,
      ...(request === undefined ? {} : { request }),
      ...(response === undefined ? {} : { response }),
    } as ExchangeFlow;
  }

  #request(original: HttpRequest): HttpRequest {
    const request = this.#message(original);
    const target = redactUrl(request.target, this.#parameters, this.#tag);
    const authority = this.#authority(request.authority);
    if (target === request.target && authority === request.authority) return request;
    return { ...request, target, ...(authority === undefined ? {} : { authority }) };
  }

  #authority(authority: string | undefined): string | undefined {
    if (authority?.includes('@') !== true) return authority;
    const at = authority.lastIndexOf('@');
    return at === 0 ? authority : this.#tag(authority.slice(0, at)) + authority.slice(at);
  }

  #message<M extends HttpRequest | HttpResponse>(message: M): M {
    const headers = this.#headers(message.headers);
    const trailers = message.trailers && this.#headers(message.trailers);
    if (headers === message.headers && trailers === message.trailers) return message;
    return { ...message, headers, ...(trailers === undefined ? {} : { trailers }) };
  }

  #headers(headers: readonly HttpHeader[]): readonly HttpHeader[] {
    // Most messages have none: to see that costs less than to look for their list.
    if (!this.#haveSecret(headers)) return headers;
    let redacted: readonly HttpHeader[] | undefined = this.#known.get(headers);
    if (redacted !== undefined) return redacted;
    redacted = this.#redacted(headers);
    this.#known.set(headers, redacted);
    return redacted;
  }

  #haveSecret(headers: readonly HttpHeader[]): boolean {
    for (const header of headers) if (this.#ruleOf(header[0]) !== undefined) return true;
    return false;
  }

  #redacted(headers: readonly HttpHeader[]): readonly HttpHeader[] {
    const redacted = headers.map((header) => this.#header(header));
    return redacted.every((header, i) => header === headers[i]) ? headers : redacted;
  }

  #header(header: HttpHeader): HttpHeader {
    const rule = this.#ruleOf(header[0]);
    if (rule === undefined) return header;
    const value = this.#value(rule, header[1]);
    return value === header[1] ? header : [header[0], value];
  }

  #ruleOf(name: string): HeaderRule | undefined {
    return this.#names.mayInclude(name, 0, name.length) ? this.#rules.get(name.toLowerCase()) : undefined;
  }

  #value(rule: HeaderRule, value: string): string {
    switch (rule) {
      case 'credentials':
        return redactCredentials(value, this.#tag);
      case 'cookie':
        return redactCookie(value, this.#tag);
      case 'set-cookie':
        return redactSetCookie(value, this.#tag);
      case 'whole':
        return redactWhole(value, this.#tag);
      case 'url':
        return redactUrl(value, this.#parameters, this.#tag);
      default:
        return assertNever(rule);
    }
  }
}

function lowerCaseNames(option: string, names: readonly string[] = []): readonly string[] {
  return names.map((name) => {
    const trimmed = name.trim();
    if (trimmed === '') {
      throw new ConfigError('CONFIG_INVALID_OPTION', `A name in the redaction's ${option} is empty.`);
    }
    return trimmed.toLowerCase();
  });
}
