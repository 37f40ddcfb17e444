// SPDX-License-Identifier: Apache-2.0
import { completenessOf, creator, type ExchangeFlow, type Flow, isHttpMessage, type OpaqueFlow } from '@flowtap/core';
import { type HrTime, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { ATTR_ERROR_TYPE, ATTR_NETWORK_PROTOCOL_NAME } from '@opentelemetry/semantic-conventions';
import { connectionAttributes } from './connection-attributes.js';
import { databaseSpan } from './database-span.js';
import { cut, type DescribedSpan } from './described-span.js';
import { httpSpan } from './http-span.js';
import { Resources } from './resources.js';
import { rpcSpan } from './rpc-span.js';
import { identityOf } from './span-identity.js';

const NS_PER_SECOND = 1_000_000_000;
const US_PER_SECOND = 1_000_000;
const KINDS = { client: SpanKind.CLIENT, server: SpanKind.SERVER, unknown: SpanKind.INTERNAL } as const;

/** Makes spans of flows. */
export class FlowSpans {
  readonly #resources = new Resources();
  readonly #scope = { name: '@flowtap/otlp-exporter', version: creator().version };

  of(flow: Flow): ReadableSpan {
    const { name, attributes, errorType, errorMessage } = describe(flow);
    const { context, parent } = identityOf(flow);
    const startTime = timeOf(flow.startTimeMs);
    const duration = durationOf(flow.durationMs);
    const { missing } = completenessOf(flow);
    return {
      name,
      kind: KINDS[flow.role],
      spanContext: () => context,
      ...(parent === undefined ? {} : { parentSpanContext: parent }),
      startTime,
      endTime: sum(startTime, duration),
      duration,
      status: {
        code: errorType === undefined ? SpanStatusCode.UNSET : SpanStatusCode.ERROR,
        ...(errorMessage === undefined ? {} : { message: cut(errorMessage) }),
      },
      attributes: defined({
        ...attributes,
        [ATTR_ERROR_TYPE]: errorType,
        'flowtap.flow.id': flow.id,
        // Nobody is to take a part for the whole.
        'flowtap.flow.missing': missing.length === 0 ? undefined : [...missing],
      }),
      links: [],
      events: [],
      ended: true,
      resource: this.#resources.of(flow),
      instrumentationScope: this.#scope,
      droppedAttributesCount: 0,
      droppedEventsCount: 0,
      droppedLinksCount: 0,
    };
  }
}

function describe(flow: Flow): DescribedSpan {
  if (flow.kind === 'opaque') return opaqueSpan(flow);
  const { request, response } = flow;
  const database = databaseSpan(flow);
  if (database !== undefined) return database;
  if (isHttpMessage(request) || isHttpMessage(response)) {
    const describeMessages = (flow.protocol as string) === 'grpc' ? rpcSpan : httpSpan;
    return describeMessages(
      flow,
      isHttpMessage(request) ? request : undefined,
      isHttpMessage(response) ? response : undefined,
    );
  }
  return otherSpan(flow);
}

/** What can be told of every protocol. */
function otherSpan(flow: ExchangeFlow): DescribedSpan {
  return {
    name: flow.protocol,
    attributes: { [ATTR_NETWORK_PROTOCOL_NAME]: flow.protocol, ...connectionAttributes(flow) },
    errorType: flow.error?.code,
    errorMessage: flow.error?.message,
  };
}

/** A whole connection: that its plaintext could not be read is no error of anybody who spoke on it. */
function opaqueSpan(flow: OpaqueFlow): DescribedSpan {
  return {
    name: 'TLS',
    attributes: {
      [ATTR_NETWORK_PROTOCOL_NAME]: 'tls',
      'tls.client.server_name': flow.sni,
      ...connectionAttributes(flow, flow.sni),
    },
  };
}

function defined(attributes: DescribedSpan['attributes']): DescribedSpan['attributes'] {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}

/** A flow's times are exact to the microsecond: further digits are those of a binary fraction. */
function timeOf(epochMs: number): HrTime {
  const microseconds = Math.round(epochMs * 1000);
  return [Math.floor(microseconds / US_PER_SECOND), (microseconds % US_PER_SECOND) * 1000];
}

function durationOf(durationMs: number): HrTime {
  const nanoseconds = Math.round(durationMs * 1e6);
  return [Math.floor(nanoseconds / NS_PER_SECOND), nanoseconds % NS_PER_SECOND];
}

function sum([seconds, nanoseconds]: HrTime, [moreSeconds, moreNanoseconds]: HrTime): HrTime {
  const total = nanoseconds + moreNanoseconds;
  return [seconds + moreSeconds + Math.floor(total / NS_PER_SECOND), total % NS_PER_SECOND];
}
