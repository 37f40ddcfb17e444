// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { type ExchangeFlow, type Flow, type HttpRequest, isHttpMessage } from '@flowtap/core';
import { type SpanContext, TraceFlags } from '@opentelemetry/api';
import { parseTraceParent, TRACE_PARENT_HEADER, TRACE_STATE_HEADER, TraceState } from '@opentelemetry/core';

const TRACE_ID_DIGITS = 32;
const SPAN_ID_DIGITS = 16;

export interface SpanIdentity {
  readonly context: SpanContext;
  /** The span that sent the request. Absent where the request does not say. */
  readonly parent?: SpanContext;
}

/**
 * Ids come from the flow's id, so that a batch that is sent again has the same spans, and a receiver can tell. A request
 * with a `traceparent` (W3C Trace Context) belongs to the trace that it names, sampled or not as it says.
 */
export function identityOf(flow: Flow): SpanIdentity {
  const digits = createHash('sha256').update(flow.id).digest('hex');
  const spanId = digits.slice(TRACE_ID_DIGITS, TRACE_ID_DIGITS + SPAN_ID_DIGITS);
  const parent = flow.kind === 'flow' ? parentOf(flow) : undefined;
  if (parent === undefined) {
    return { context: { traceId: digits.slice(0, TRACE_ID_DIGITS), spanId, traceFlags: TraceFlags.SAMPLED } };
  }
  const { traceId, traceFlags, traceState } = parent;
  return { context: { traceId, spanId, traceFlags, ...(traceState === undefined ? {} : { traceState }) }, parent };
}

function parentOf({ request }: ExchangeFlow): SpanContext | undefined {
  if (!isHttpMessage(request)) return undefined;
  // Trace Context §3.2.1: more than one is none.
  const [traceParent, ...others] = headerValues(request, TRACE_PARENT_HEADER);
  if (traceParent === undefined || others.length > 0) return undefined;
  const parent = parseTraceParent(traceParent);
  if (parent === null) return undefined;
  const state = headerValues(request, TRACE_STATE_HEADER).join(',');
  return { ...parent, isRemote: true, ...(state === '' ? {} : { traceState: new TraceState(state) }) };
}

function headerValues({ headers }: HttpRequest, lowerCaseName: string): readonly string[] {
  return headers.filter(([name]) => name.toLowerCase() === lowerCaseName).map(([, value]) => value);
}
