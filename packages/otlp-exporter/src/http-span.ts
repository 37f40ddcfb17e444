// SPDX-License-Identifier: Apache-2.0
import {
  type ExchangeFlow,
  type HttpRequest,
  type HttpResponse,
  headerValue,
  pathOfTarget,
  requestUrl,
} from '@flowtap/core';
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_REQUEST_METHOD_ORIGINAL,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_NETWORK_PROTOCOL_NAME,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_URL_FULL,
  ATTR_URL_PATH,
  ATTR_URL_QUERY,
  ATTR_URL_SCHEME,
  ATTR_USER_AGENT_ORIGINAL,
} from '@opentelemetry/semantic-conventions';
import { connectionAttributes } from './connection-attributes.js';
import { cut, type DescribedSpan } from './described-span.js';

/** RFC 9110 §9, RFC 5789: others may be anything, so that they are no names. */
const KNOWN_METHODS = new Set(['CONNECT', 'DELETE', 'GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'PUT', 'TRACE']);

/** Semantic conventions for HTTP spans. */
export function httpSpan(
  flow: ExchangeFlow,
  request: HttpRequest | undefined,
  response: HttpResponse | undefined,
): DescribedSpan {
  const isKnown = request !== undefined && KNOWN_METHODS.has(request.method);
  const version = (request ?? response)?.httpVersion;
  return {
    name: isKnown ? request.method : 'HTTP',
    attributes: {
      [ATTR_HTTP_REQUEST_METHOD]: isKnown ? request.method : '_OTHER',
      [ATTR_HTTP_REQUEST_METHOD_ORIGINAL]: isKnown || request === undefined ? undefined : cut(request.method),
      ...(request === undefined ? { [ATTR_URL_SCHEME]: flow.scheme } : urlAttributes(flow, request)),
      [ATTR_USER_AGENT_ORIGINAL]: request && cutOptional(headerValue(request, 'user-agent')),
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: response?.status,
      [ATTR_NETWORK_PROTOCOL_NAME]: flow.protocol.startsWith('http/') ? 'http' : flow.protocol,
      [ATTR_NETWORK_PROTOCOL_VERSION]: version,
      ...connectionAttributes(flow, request?.authority),
    },
    ...errorOf(flow, response),
  };
}

function urlAttributes(flow: ExchangeFlow, request: HttpRequest) {
  if (flow.role !== 'server') {
    return { [ATTR_URL_FULL]: cut(requestUrl(flow, request)), [ATTR_URL_SCHEME]: flow.scheme };
  }
  const query = request.target.indexOf('?');
  return {
    [ATTR_URL_SCHEME]: flow.scheme,
    [ATTR_URL_PATH]: cutOptional(pathOfTarget(request.target)),
    [ATTR_URL_QUERY]: query < 0 ? undefined : cut(request.target.slice(query + 1)),
  };
}

/** A client's error begins with 400, a server's own with 500. */
function errorOf(flow: ExchangeFlow, response: HttpResponse | undefined): Partial<DescribedSpan> {
  if (response === undefined) {
    const { code = 'no-response', message = 'No response was seen.' } = flow.error ?? {};
    return { errorType: code, errorMessage: message };
  }
  const isError = response.status >= (flow.role === 'server' ? 500 : 400);
  return isError ? { errorType: String(response.status) } : {};
}

function cutOptional(text: string | undefined): string | undefined {
  return text === undefined ? undefined : cut(text);
}
