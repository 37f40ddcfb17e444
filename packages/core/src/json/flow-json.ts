// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '../events.js';
import type { ExchangeFlow, Flow, FlowContainer, FlowError, FlowGap, FlowProcess, OpaqueFlow } from '../flow/flow.js';
import { HttpBody } from '../http/http-body.js';
import { isHttpMessage } from '../http/http-flow.js';
import type { HttpHeader, HttpRequest, HttpResponse } from '../http/http-message.js';
import { writeIsoTime } from './iso-time.js';
import { JsonWriter } from './json-writer.js';
import { messageToJson } from './message-json.js';

/**
 * What flows of one connection often have in common, each with a place of its own in the writer's memory. A power of two of
 * places for each connection.
 */
const PLACES = 8;
const [PROCESS, CONTAINER, SOURCE, DESTINATION, REQUEST_HEADERS, RESPONSE_HEADERS] = [0, 1, 2, 3, 4, 5] as const;

/**
 * The JSON of a flow: one compact object, absent rather than null, in a stable order. `schema/flow.schema.json` of
 * this package describes it; new versions only add to it.
 */
export function flowToJson(flow: Flow): string {
  const writer = new JsonWriter(2048);
  writeFlowJson(writer, flow);
  return writer.view().toString('utf8');
}

/** Writes what `flowToJson` returns. */
export function writeFlowJson(writer: JsonWriter, flow: Flow): void {
  writer.ascii('{"schema":1,"kind":"');
  writer.ascii(flow.kind);
  writer.ascii('","id":');
  writer.string(flow.id);
  writer.ascii(',"protocol":');
  writer.string(flow.protocol);
  if (flow.kind === 'flow') {
    writer.ascii(',"scheme":');
    writer.string(flow.scheme);
  }
  writer.ascii(flow.tls ? ',"tls":true,"role":"' : ',"tls":false,"role":"');
  writer.ascii(flow.role);
  writer.ascii('","startTime":"');
  writeIsoTime(writer, flow.startTimeMs);
  writer.ascii('","durationMs":');
  // Microseconds are what the clocks can tell; more digits would be noise.
  writer.thousandths(Math.round(flow.durationMs * 1000));
  const places = flow.connectionId * PLACES;
  writeEndpoint(writer, ',"source":', flow.source, places + SOURCE);
  writeEndpoint(writer, ',"destination":', flow.destination, places + DESTINATION);
  writeProcess(writer, flow.process, places + PROCESS);
  if (flow.container !== undefined) writeContainer(writer, flow.container, places + CONTAINER);
  writeString(writer, ',"sourceContainer":', flow.sourceContainer);
  writeString(writer, ',"destinationContainer":', flow.destinationContainer);
  writer.ascii(',"connectionId":');
  writer.number(flow.connectionId);
  if (flow.fdSource !== undefined) {
    writer.ascii(',"fdSource":"');
    writer.ascii(flow.fdSource);
    writer.ascii('"');
  }
  if (flow.kind === 'flow') writeExchange(writer, flow, places);
  else writeOpaque(writer, flow);
  writeError(writer, ',"error":', flow.error);
  if (flow.gaps !== undefined) writeGaps(writer, flow.gaps);
  writer.ascii('}');
}

function writeExchange(writer: JsonWriter, flow: ExchangeFlow, places: number): void {
  const { request, response } = flow;
  if (isHttpMessage(request)) writeRequest(writer, request, places + REQUEST_HEADERS);
  else writeMessage(writer, ',"request":', request);
  if (isHttpMessage(response)) writeResponse(writer, response, places + RESPONSE_HEADERS);
  else writeMessage(writer, ',"response":', response);
  writeMessage(writer, ',"messages":', flow.messages);
  if (flow.messageCount !== undefined) {
    writer.ascii(',"messageCount":');
    writer.number(flow.messageCount);
  }
  if (flow.messagesLost !== undefined) writer.ascii(',"messagesLost":true');
  writer.ascii(flow.complete ? ',"complete":true' : ',"complete":false');
  if (flow.headersIncomplete !== undefined) writer.ascii(',"headersIncomplete":true');
  if (flow.joined !== undefined) writer.ascii(',"joined":"late"');
}

function writeOpaque(writer: JsonWriter, flow: OpaqueFlow): void {
  const places = flow.connectionId * PLACES;
  writeEndpoint(writer, ',"local":', flow.local, places + SOURCE);
  writeEndpoint(writer, ',"remote":', flow.remote, places + DESTINATION);
  writeString(writer, ',"sni":', flow.sni);
  if (flow.alpn !== undefined) {
    writer.ascii(',"alpn":');
    writer.json(JSON.stringify(flow.alpn));
  }
  writer.ascii(',"bytes":{"ingress":');
  writer.number(flow.bytes.ingress);
  writer.ascii(',"egress":');
  writer.number(flow.bytes.egress);
  writer.ascii('}');
  writeError(writer, ',"reason":', flow.reason);
}

function writeMessage(writer: JsonWriter, key: string, message: unknown): void {
  if (message === undefined) return;
  const json = messageToJson(message);
  if (json === undefined) return;
  writer.ascii(key);
  writer.json(json);
}

function writeRequest(writer: JsonWriter, request: HttpRequest, place: number): void {
  writer.ascii(',"request":{"method":');
  writer.string(request.method);
  writer.ascii(',"target":');
  writer.string(request.target);
  writeString(writer, ',"authority":', request.authority);
  writeHttpVersionToGrpc(writer, request, place);
  writer.ascii('}');
}

function writeResponse(writer: JsonWriter, response: HttpResponse, place: number): void {
  writer.ascii(',"response":{"status":');
  writer.number(response.status);
  writer.ascii(',"reason":');
  writer.string(response.reason);
  writeHttpVersionToGrpc(writer, response, place);
  writeMessage(writer, ',"eventStream":', response.eventStream);
  writer.ascii('}');
}

function writeHttpVersionToGrpc(writer: JsonWriter, message: HttpRequest | HttpResponse, place: number): void {
  writer.ascii(',"httpVersion":');
  writer.string(message.httpVersion);
  writer.ascii(',"headers":[');
  if (!writer.repeat(place, message.headers)) {
    const start = writer.length;
    writeHeaders(writer, message.headers);
    writer.remember(place, message.headers, start);
  }
  if (message.trailers !== undefined) {
    writer.ascii(',"trailers":[');
    writeHeaders(writer, message.trailers);
  }
  writeBody(writer, message.body);
  writeMessage(writer, ',"grpc":', message.grpc);
}

function writeHeaders(writer: JsonWriter, headers: readonly HttpHeader[]): void {
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i];
    if (header === undefined) continue;
    writer.ascii(i === 0 ? '[' : ',[');
    writer.string(header[0]);
    writer.ascii(',');
    writer.string(header[1]);
    writer.ascii(']');
  }
  writer.ascii(']');
}

function writeBody(writer: JsonWriter, body: HttpBody): void {
  if (body === HttpBody.empty) {
    writer.ascii(',"body":{"size":0,"captured":0,"truncated":false,"text":""}');
    return;
  }
  writer.ascii(',"body":{"size":');
  writer.number(body.size);
  writer.ascii(',"captured":');
  writer.number(body.captured);
  writer.ascii(body.truncated ? ',"truncated":true' : ',"truncated":false');
  writeString(writer, ',"contentEncoding":', body.contentEncoding);
  const text = body.utf8();
  if (text === undefined) {
    writer.ascii(',"base64":"');
    writer.ascii(body.decoded().bytes.toString('base64'));
    writer.ascii('"');
  } else {
    writer.ascii(',"text":');
    writer.utf8(text);
  }
  if (body.contentEncoding !== undefined) writeString(writer, ',"decodeError":', body.decoded().error);
  writer.ascii('}');
}

function writeString(writer: JsonWriter, key: string, value: string | undefined): void {
  if (value === undefined) return;
  writer.ascii(key);
  writer.string(value);
}

function writeProcess(writer: JsonWriter, process: FlowProcess, place: number): void {
  writer.ascii(',"process":');
  if (writer.repeat(place, process)) return;
  const start = writer.length;
  writer.ascii('{"pid":');
  writer.number(process.pid);
  writer.ascii(',"comm":');
  writer.string(process.comm);
  writeString(writer, ',"exe":', process.exe);
  writeString(writer, ',"containerId":', process.containerId);
  writer.ascii('}');
  writer.remember(place, process, start);
}

function writeContainer(writer: JsonWriter, container: FlowContainer, place: number): void {
  writer.ascii(',"container":');
  if (writer.repeat(place, container)) return;
  const start = writer.length;
  writer.ascii('{"id":');
  writer.string(container.id);
  writer.ascii(',"name":');
  writer.string(container.name);
  writer.ascii(',"image":');
  writer.string(container.image);
  if (container.labels !== undefined) {
    writer.ascii(',"labels":');
    writer.json(JSON.stringify(container.labels));
  }
  writer.ascii('}');
  writer.remember(place, container, start);
}

function writeEndpoint(writer: JsonWriter, key: string, endpoint: Endpoint | undefined, place: number): void {
  if (endpoint === undefined) return;
  writer.ascii(key);
  if (writer.repeat(place, endpoint)) return;
  const start = writer.length;
  if ('path' in endpoint) {
    writer.ascii('{"path":');
    writer.string(endpoint.path);
  } else {
    writer.ascii('{"address":');
    writer.string(endpoint.address);
    writer.ascii(',"port":');
    writer.number(endpoint.port);
  }
  writer.ascii('}');
  writer.remember(place, endpoint, start);
}

function writeError(writer: JsonWriter, key: string, error: FlowError | undefined): void {
  if (error === undefined) return;
  writer.ascii(key);
  writer.ascii('{"code":');
  writer.string(error.code);
  writer.ascii(',"message":');
  writer.string(error.message);
  writer.ascii('}');
}

function writeGaps(writer: JsonWriter, gaps: readonly FlowGap[]): void {
  writer.ascii(',"gaps":[');
  gaps.forEach((gap, i) => {
    writer.ascii(i === 0 ? '{"direction":"' : ',{"direction":"');
    writer.ascii(gap.direction);
    writer.ascii('","offset":');
    writer.number(gap.offset);
    writer.ascii(',"bytes":');
    writer.number(gap.bytes);
    writer.ascii(',"reason":"');
    writer.ascii(gap.reason);
    writer.ascii('"}');
  });
  writer.ascii(']');
}
