// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';

/** Made by protobufjs from the official .proto files; the exporters have an encoder of their own. */
const { opentelemetry } = createRequire(import.meta.url)('otlp-decoder/build/src/generated/root.js');
const { ExportTraceServiceRequest, ExportTraceServiceResponse } = opentelemetry.proto.collector.trace.v1;

type Value = string | number | boolean | readonly Value[] | undefined;

/** A span as the receiver decoded it. */
export interface ReceivedSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  /** `SPAN_KIND_CLIENT` … */
  readonly kind: string;
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly status: string;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, Value>>;
  readonly resource: Readonly<Record<string, Value>>;
  readonly scope: string;
}

/** The spans of an ExportTraceServiceRequest. */
export function decodeSpans(bytes: Uint8Array): readonly ReceivedSpan[] {
  const request = ExportTraceServiceRequest.toObject(ExportTraceServiceRequest.decode(bytes), {
    longs: String,
    enums: String,
    defaults: true,
  }) as { readonly resourceSpans: readonly RawResourceSpans[] };
  return request.resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ scope, spans }) => spans.map((span) => readable(span, resource, scope.name))),
  );
}

/** An ExportTraceServiceResponse. */
export function encodeAnswer(answer: object): Uint8Array {
  return ExportTraceServiceResponse.encode(answer).finish();
}

interface RawResourceSpans {
  readonly resource: { readonly attributes: readonly RawAttribute[] };
  readonly scopeSpans: readonly { readonly scope: { readonly name: string }; readonly spans: readonly RawSpan[] }[];
}

interface RawSpan {
  readonly traceId: Uint8Array;
  readonly spanId: Uint8Array;
  readonly parentSpanId: Uint8Array;
  readonly traceState: string;
  readonly flags: number;
  readonly name: string;
  readonly kind: string;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: string; readonly message: string };
  readonly attributes: readonly RawAttribute[];
}

interface RawAttribute {
  readonly key: string;
  readonly value: RawValue;
}

interface RawValue {
  readonly stringValue?: string;
  readonly intValue?: string;
  readonly doubleValue?: number;
  readonly boolValue?: boolean;
  readonly arrayValue?: { readonly values: readonly RawValue[] };
}

function readable(
  span: RawSpan,
  resource: { readonly attributes: readonly RawAttribute[] },
  scope: string,
): ReceivedSpan {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return {
    traceId: hex(span.traceId),
    spanId: hex(span.spanId),
    parentSpanId: hex(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    startNs: BigInt(span.startTimeUnixNano),
    endNs: BigInt(span.endTimeUnixNano),
    status: span.status.code,
    statusMessage: span.status.message,
    attributes: record(span.attributes),
    resource: record(resource.attributes),
    scope,
  };
}

function record(attributes: readonly RawAttribute[]): Record<string, Value> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plainOf(value)]));
}

function plainOf({ stringValue, intValue, doubleValue, boolValue, arrayValue }: RawValue): Value {
  if (intValue !== undefined) return Number(intValue);
  return stringValue ?? doubleValue ?? boolValue ?? arrayValue?.values.map(plainOf);
}
