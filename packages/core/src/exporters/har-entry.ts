// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from '../flow/flow.js';
import type { HttpBody } from '../http/http-body.js';
import { headerValue } from '../http/http-flow.js';
import type { HttpHeader, HttpRequest, HttpResponse } from '../http/http-message.js';
import { isoTime } from '../json/iso-time.js';
import { requestCookies, responseCookies } from './har-cookies.js';
import { harResourceType } from './har-resource-type.js';
import { type HarNameValue, harQuery, harUrl } from './har-url.js';
import { harWebSocket } from './har-websocket.js';

/** HAR 1.2: -1 for what is not known. The bytes of a message's head are not kept as they were. */
const UNKNOWN = -1;

/** An entry of a HAR 1.2 log. Names with an underscore are additions, as the format wants them. */
export function harEntry(flow: ExchangeFlow, request: HttpRequest, response: HttpResponse | undefined): object {
  const { destination } = flow;
  return {
    startedDateTime: isoTime(flow.startTimeMs),
    time: flow.durationMs,
    request: harRequest(flow, request),
    response: response === undefined ? noResponse(flow) : harResponse(response),
    cache: {},
    // Only the whole is known; HAR wants the last three to be numbers whose sum it is, and -1 for what does not apply.
    timings: {
      ...{ blocked: UNKNOWN, dns: UNKNOWN, connect: UNKNOWN, ssl: UNKNOWN },
      ...{ send: 0, wait: flow.durationMs, receive: 0 },
    },
    ...(destination !== undefined && 'address' in destination ? { serverIPAddress: destination.address } : {}),
    connection: String(flow.connectionId),
    _id: flow.id,
    _protocol: flow.protocol,
    _tls: flow.tls,
    _role: flow.role,
    _process: flow.process,
    ...(flow.container === undefined ? {} : { _container: flow.container }),
    _source: flow.source,
    _destination: destination,
    _resourceType: harResourceType(flow, request, response),
    ...(flow.messages === undefined ? {} : harWebSocket(flow)),
    _complete: flow.complete,
    _error: flow.error,
    _gaps: flow.gaps,
  };
}

function harRequest(flow: ExchangeFlow, request: HttpRequest): object {
  const { body } = request;
  return {
    method: request.method,
    url: harUrl(flow, request),
    httpVersion: harVersion(request),
    cookies: requestCookies(request.headers),
    headers: harHeaders(request.headers),
    queryString: harQuery(request.target),
    ...(body.size === 0 ? {} : { postData: { mimeType: mimeType(request), ...harText(body, '_encoding') } }),
    headersSize: UNKNOWN,
    bodySize: body.size,
    ...harAdditions(request),
  };
}

function harResponse(response: HttpResponse): object {
  const { body } = response;
  const decoded = body.decoded();
  const isEncoded = body.contentEncoding !== undefined;
  // Without a content coding the size is known also of what was not captured.
  const size = isEncoded ? decoded.bytes.length : body.size;
  return {
    status: response.status,
    statusText: response.reason,
    httpVersion: harVersion(response),
    cookies: responseCookies(response.headers),
    headers: harHeaders(response.headers),
    content: {
      size,
      ...(isEncoded && !decoded.truncated ? { compression: size - body.size } : {}),
      mimeType: mimeType(response),
      ...(body.size === 0 ? {} : harText(body, 'encoding')),
    },
    redirectURL: headerValue(response, 'location') ?? '',
    headersSize: UNKNOWN,
    bodySize: body.size,
    ...harAdditions(response),
  };
}

/** As Chrome writes it, and knows it again. */
function harVersion({ httpVersion }: HttpRequest | HttpResponse): string {
  return httpVersion === '2' ? 'HTTP/2.0' : `HTTP/${httpVersion}`;
}

/** What browsers write for a request that got no response. */
function noResponse(flow: ExchangeFlow): object {
  return {
    status: 0,
    statusText: '',
    httpVersion: '',
    cookies: [],
    headers: [],
    content: { size: 0, mimeType: 'x-unknown' },
    redirectURL: '',
    headersSize: UNKNOWN,
    bodySize: UNKNOWN,
    _error: flow.error?.message ?? 'No response was seen.',
  };
}

function harText(body: HttpBody, encodingName: string): object {
  const text = body.text();
  return text === undefined ? { text: body.decoded().bytes.toString('base64'), [encodingName]: 'base64' } : { text };
}

function harAdditions({ trailers, body, grpc }: HttpRequest | HttpResponse): object {
  return {
    ...(grpc === undefined ? {} : { _grpc: grpc }),
    ...(trailers === undefined ? {} : { _trailers: harHeaders(trailers) }),
    ...(body.truncated ? { _capturedBodySize: body.captured } : {}),
  };
}

function harHeaders(headers: readonly HttpHeader[]): readonly HarNameValue[] {
  return headers.map(([name, value]) => ({ name, value }));
}

function mimeType(message: HttpRequest | HttpResponse): string {
  return headerValue(message, 'content-type') ?? 'application/octet-stream';
}
