// SPDX-License-Identifier: Apache-2.0
import { createFlowErrors, EXCHANGE_FAULTS, type FlowError } from '@flowtap/core';

export const PROTOCOL_NAME = 'http/1.1';

/** Bytes of each direction that detection looks at: enough to meet a start line in a stream that was joined late. */
export const PROBE_BYTES = 4096;

/** Long enough for every registered method (the longest has 17 letters), short enough to stop at prose. */
export const MAX_METHOD_BYTES = 32;

/** `GET / HTTP/1.0\n\n`: no request is shorter, so a gap of n bytes hides at most n / 16 whole ones. */
export const MIN_REQUEST_BYTES = 16;

/** Bytes of one direction that wait for the other direction to explain them; see held-input.ts. */
export const MAX_HELD_BYTES = 65_536;

export const TAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SPACE = 0x20;

const MESSAGES = {
  ...EXCHANGE_FAULTS,
  'pairing-uncertain': 'After lost bytes it is not certain which request and response belong together.',
  'gap-in-head': 'Bytes of a message head were not captured.',
  'gap-in-framing': 'Bytes that tell where the message ends were not captured.',
  'header-too-large': 'The message head or the trailers are longer than the limit.',
  'malformed-header': 'A header line has no name or a name with spaces.',
  'malformed-chunk': 'The chunked coding is broken.',
  'conflicting-framing': 'Transfer-Encoding and Content-Length, or differing Content-Length values, in one message.',
  'invalid-content-length': 'The value of Content-Length is not a number.',
  'invalid-transfer-encoding': 'Transfer-Encoding does not end in chunked, or names it twice.',
  'unexpected-transfer-encoding': 'Transfer-Encoding in an HTTP/1.0 message.',
  'too-many-pending': 'More requests waited for a response than the limit allows.',
} as const satisfies Record<string, string>;

/** Codes that `error.code` of a flow can have. */
export type FaultCode = keyof typeof MESSAGES;

/** The error of a flow. */
export const flowError: (code: FaultCode) => FlowError = createFlowErrors<FaultCode>(MESSAGES);
