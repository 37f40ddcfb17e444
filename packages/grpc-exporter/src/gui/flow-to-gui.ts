// SPDX-License-Identifier: Apache-2.0
import {
  type Endpoint,
  type ExchangeFlow,
  endpointText,
  type HttpHeader,
  type HttpRequest,
  type HttpResponse,
  isHttpMessage,
  isSqlRequest,
  isSqlResponse,
} from '@flowtap/core';
import type { Flow as GuiFlow, StringList } from '../gen/api/api.js';
import { grpcPayload } from './grpc-payload.js';
import { sqlQuery, sqlResponse } from './sql-message.js';
import { textPayload } from './text-payload.js';

/** Equal lists of headers are often one list. */
const headerMaps = new WeakMap<readonly HttpHeader[], Map<string, StringList>>();

/** What the GUI calls protocols that are not HTTP. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['grpc', 'grpc'],
  ['postgresql', 'psql'],
  ['mysql', 'mysql'],
]);

/** The half of a flow that is sent first. Undefined when there is none that the GUI could show. */
export function requestToGui(flow: ExchangeFlow, maxBodyBytes: number): GuiFlow | undefined {
  const { request } = flow;
  if (isSqlRequest(request)) {
    return { ...envelope(flow), request: { $case: 'sqlQuery', sqlQuery: sqlQuery(request, maxBodyBytes) } };
  }
  if (!isHttpMessage(request)) return undefined;
  return { ...envelope(flow), request: requestOf(flow, request, maxBodyBytes) };
}

/** The other half. */
export function responseToGui(flow: ExchangeFlow, maxBodyBytes: number): GuiFlow | undefined {
  const { response } = flow;
  if (isSqlResponse(response)) {
    return { ...envelope(flow), response: { $case: 'sqlResponse', sqlResponse: sqlResponse(response, maxBodyBytes) } };
  }
  if (!isHttpMessage(response)) return undefined;
  return { ...envelope(flow), response: responseOf(flow, response, maxBodyBytes) };
}

function envelope(flow: ExchangeFlow): GuiFlow {
  const { id, source, destination } = flow;
  return {
    uuid: id,
    sourceAddr: addressOf(source),
    destAddr: addressOf(destination),
    l4Protocol: destination !== undefined && 'path' in destination ? 'unix' : 'tcp',
    l7Protocol: l7ProtocolOf(flow),
    request: undefined,
    response: undefined,
  };
}

function l7ProtocolOf({ protocol, request, response }: ExchangeFlow): string {
  const known = PROTOCOLS.get(protocol);
  if (known !== undefined) return known;
  const version = isHttpMessage(request) ? request.httpVersion : isHttpMessage(response) ? response.httpVersion : '';
  return version.startsWith('2') ? 'http2' : 'http';
}

function requestOf(flow: ExchangeFlow, request: HttpRequest, maxBodyBytes: number): GuiFlow['request'] {
  const { method, target, authority, httpVersion, headers, body } = request;
  if (flow.protocol === 'grpc') {
    const payload = grpcPayload(request, maxBodyBytes);
    return { $case: 'grpcRequest', grpcRequest: { path: target, headers: headerMap(headers), payload } };
  }
  const httpRequest = {
    method,
    host: authority ?? addressOf(flow.destination),
    path: target,
    httpVersion,
    headers: headerMap(headers),
    payload: textPayload(body, headers, maxBodyBytes),
  };
  return { $case: 'httpRequest', httpRequest };
}

function responseOf(flow: ExchangeFlow, response: HttpResponse, maxBodyBytes: number): GuiFlow['response'] {
  const { status, reason, httpVersion, headers, trailers, body } = response;
  if (flow.protocol === 'grpc') {
    // The status of a call is in the trailers, and the GUI knows headers only.
    const all = trailers === undefined ? headers : [...headers, ...trailers];
    const payload = grpcPayload(response, maxBodyBytes);
    return { $case: 'grpcResponse', grpcResponse: { headers: headerMap(all), payload } };
  }
  const httpResponse = {
    httpVersion,
    status,
    statusMsg: reason,
    headers: headerMap(headers),
    payload: textPayload(body, headers, maxBodyBytes),
  };
  return { $case: 'httpResponse', httpResponse };
}

function addressOf(endpoint: Endpoint | undefined): string {
  return endpoint === undefined ? '' : endpointText(endpoint);
}

function headerMap(headers: readonly HttpHeader[]): Map<string, StringList> {
  const known = headerMaps.get(headers);
  if (known !== undefined) return known;
  const map = new Map<string, StringList>();
  for (const [name, value] of headers) {
    const list = map.get(name);
    if (list === undefined) map.set(name, { values: [value] });
    else list.values.push(value);
  }
  headerMaps.set(headers, map);
  return map;
}
