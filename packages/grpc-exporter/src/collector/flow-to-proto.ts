// SPDX-License-Identifier: Apache-2.0
import {
  type Endpoint,
  type ExchangeFlow,
  type Flow,
  type FlowContainer,
  type FlowError,
  type FlowGap,
  type FlowProcess,
  isHttpMessage,
  messageToJson,
  type OpaqueFlow,
} from '@flowtap/core';
import {
  Direction,
  type Exchange,
  type Gap,
  type Message,
  type Opaque,
  type Container as ProtoContainer,
  type Endpoint as ProtoEndpoint,
  type Error as ProtoError,
  type Flow as ProtoFlow,
  type Process as ProtoProcess,
  Role,
} from '../gen/flowtap/v1/flow.js';
import { flowMessagesToProto, requestToProto, responseToProto } from './messages-to-proto.js';

const ROLES = { client: Role.ROLE_CLIENT, server: Role.ROLE_SERVER, unknown: Role.ROLE_UNSPECIFIED } as const;
const DIRECTIONS = { ingress: Direction.DIRECTION_INGRESS, egress: Direction.DIRECTION_EGRESS } as const;

/** @param maxBodyBytes of each body that are sent at most */
export function flowToProto(flow: Flow, maxBodyBytes: number): ProtoFlow {
  return {
    id: flow.id,
    protocol: flow.protocol,
    scheme: flow.kind === 'flow' ? flow.scheme : '',
    tls: flow.tls,
    role: ROLES[flow.role],
    startTimeUs: Math.round(flow.startTimeMs * 1000),
    durationUs: Math.round(flow.durationMs * 1000),
    source: endpointToProto(flow.source, flow.sourceContainer),
    destination: endpointToProto(flow.destination, flow.destinationContainer),
    process: processToProto(flow.process),
    container: containerToProto(flow.container),
    connectionId: flow.connectionId,
    fdSource: flow.fdSource ?? '',
    gaps: (flow.gaps ?? []).map(gapToProto),
    error: errorToProto(flow.error),
    content:
      flow.kind === 'flow'
        ? { $case: 'exchange', exchange: exchangeToProto(flow, maxBodyBytes) }
        : { $case: 'opaque', opaque: opaqueToProto(flow) },
  };
}

function endpointToProto(endpoint: Endpoint | undefined, containerName = ''): ProtoEndpoint | undefined {
  if (endpoint === undefined) return undefined;
  if ('path' in endpoint) return { address: endpoint.path, port: 0, containerName };
  return { address: endpoint.address, port: endpoint.port, containerName };
}

function containerToProto(container: FlowContainer | undefined): ProtoContainer | undefined {
  if (container === undefined) return undefined;
  const { id, name, image, labels = {} } = container;
  return { id, name, image, labels: new Map(Object.entries(labels)) };
}

/** A process that is not known has the id -1. */
function processToProto({ pid, comm, exe = '' }: FlowProcess): ProtoProcess | undefined {
  return pid < 0 ? undefined : { pid, comm, exe };
}

function gapToProto({ direction, offset, bytes, reason }: FlowGap): Gap {
  return { direction: DIRECTIONS[direction], offset, bytes, reason };
}

function errorToProto(error: FlowError | undefined): ProtoError | undefined {
  return error && { code: error.code, message: error.message };
}

function exchangeToProto(flow: ExchangeFlow, maxBodyBytes: number): Exchange {
  const { request, response, complete, headersIncomplete = false, joined } = flow;
  return {
    request: isHttpMessage(request)
      ? { kind: { $case: 'httpRequest', httpRequest: requestToProto(request, maxBodyBytes) } }
      : jsonMessage(request),
    response: isHttpMessage(response)
      ? { kind: { $case: 'httpResponse', httpResponse: responseToProto(response, maxBodyBytes) } }
      : jsonMessage(response),
    complete,
    headersIncomplete,
    joinedLate: joined === 'late',
    messages: flowMessagesToProto(flow.messages ?? [], maxBodyBytes),
    messageCount: flow.messageCount ?? 0,
    messagesLost: flow.messagesLost ?? false,
  };
}

function jsonMessage(message: unknown): Message | undefined {
  const json = messageToJson(message);
  return json === undefined ? undefined : { kind: { $case: 'json', json } };
}

function opaqueToProto({ sni = '', alpn = [], bytes, reason }: OpaqueFlow): Opaque {
  return {
    sni,
    alpn: [...alpn],
    ingressBytes: bytes.ingress,
    egressBytes: bytes.egress,
    reason: errorToProto(reason),
  };
}
