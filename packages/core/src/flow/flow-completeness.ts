// SPDX-License-Identifier: Apache-2.0
import type { ByteTotals, FdSource } from '../events.js';
import { isHttpMessage } from '../http/http-flow.js';
import type { ExchangeFlow, Flow } from './flow.js';

/** Bytes of a message's body, before its content coding is removed. */
export interface ContentBytes {
  readonly transferred: number;
  /** How many of them, from the first on, are in the flow. */
  readonly captured: number;
}

/** How much of what happened a flow tells. */
export interface FlowCompleteness {
  /** Nothing is missing. */
  readonly isWhole: boolean;
  /** What is missing, in stable words in kebab-case. */
  readonly missing: readonly MissingPart[];
  /** Absent where there is no such message, or where its protocol has no bodies. */
  readonly request?: ContentBytes;
  readonly response?: ContentBytes;
  /** Bytes that passed during the flow and were not captured, sums of `Flow.gaps`. */
  readonly gapBytes: ByteTotals;
  /** What told the socket, for plaintext of a TLS library. */
  readonly fdSource?: FdSource;
}

export type MissingPart =
  /** The connection could not be read. */
  | 'plaintext'
  | 'request'
  | 'response'
  /** A message was not seen to its end. */
  | 'end'
  /** Some header fields. */
  | 'headers'
  /** Part of a body: the limit on what is kept (`maxBodyBytes`), or a gap. */
  | 'body'
  /** Some messages of a conversation. */
  | 'messages'
  /** Bytes of the connection. */
  | 'bytes'
  | 'addresses';

/** Computed from what the flow says, when it is asked for. */
export function completenessOf(flow: Flow): FlowCompleteness {
  const request = flow.kind === 'flow' ? contentBytes(flow.request) : undefined;
  const response = flow.kind === 'flow' ? contentBytes(flow.response) : undefined;
  const gapBytes = gapBytesOf(flow);
  const isCut = [request, response].some((content) => content !== undefined && content.captured < content.transferred);
  const missing = [
    ...missingOf(flow),
    ...when(isCut, 'body'),
    ...when(gapBytes.ingress + gapBytes.egress > 0, 'bytes'),
  ];
  return {
    isWhole: missing.length === 0,
    missing,
    ...(request === undefined ? {} : { request }),
    ...(response === undefined ? {} : { response }),
    gapBytes,
    ...(flow.fdSource === undefined ? {} : { fdSource: flow.fdSource }),
  };
}

function missingOf(flow: Flow): readonly MissingPart[] {
  const addresses = when(flow.source === undefined || flow.destination === undefined, 'addresses');
  if (flow.kind === 'opaque') return ['plaintext', ...addresses];
  return [
    ...when(flow.request === undefined, 'request'),
    ...when(flow.response === undefined, 'response'),
    ...when(!flow.complete, 'end'),
    ...when(flow.headersIncomplete === true, 'headers'),
    ...when(flow.messagesLost === true, 'messages'),
    ...addresses,
  ];
}

function when(isMissing: boolean, part: MissingPart): readonly MissingPart[] {
  return isMissing ? [part] : [];
}

function contentBytes(message: ExchangeFlow['request' | 'response']): ContentBytes | undefined {
  if (!isHttpMessage(message)) return undefined;
  return { transferred: message.body.size, captured: message.body.captured };
}

function gapBytesOf({ gaps = [] }: Flow): ByteTotals {
  const sum = (direction: keyof ByteTotals) =>
    gaps.reduce((total, gap) => total + (gap.direction === direction ? gap.bytes : 0), 0);
  return { ingress: sum('ingress'), egress: sum('egress') };
}
