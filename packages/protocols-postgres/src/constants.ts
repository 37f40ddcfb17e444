// SPDX-License-Identifier: Apache-2.0
// "PostgreSQL, Frontend/Backend Protocol" below is the chapter of that name in PostgreSQL's documentation.
import { createFlowErrors, EXCHANGE_FAULTS } from '@flowtap/core';

/** Of flows; also their scheme. */
export const PROTOCOL_NAME = 'postgresql';

/** Bytes of each direction that are looked at to find out whether they are messages. */
export const PROBE_BYTES = 1024;

/** What stands where a startup packet has its protocol version (Message Formats). */
export const StartupCode = {
  CANCEL: 80_877_102,
  SSL: 80_877_103,
  GSS_ENCRYPTION: 80_877_104,
} as const;

/** PQ_LARGE_MESSAGE_LIMIT: no message is longer. */
export const MAX_MESSAGE_BYTES = 0x3fff_ffff;
/** MAX_STARTUP_PACKET_LENGTH */
export const MAX_STARTUP_BYTES = 10_000;

/** Rows and results that one flow keeps at most; bytes are limited by the tap's `maxBodyBytes`. */
export const MAX_ROWS = 1000;
export const MAX_RESULTS = 1000;
export const MAX_NOTICES = 16;

/** MaxTupleAttributeNumber: no result has more. */
export const MAX_COLUMNS = 1664;

/** Prepared statements of a connection that are remembered, and portals: how many, and how much they hold. */
export const MAX_STATEMENTS = 1000;
export const MAX_STATEMENT_BYTES = 4 * 1024 * 1024;

/** Messages of one statement that may wait for their answers, on average. */
export const MESSAGES_PER_STATEMENT = 16;

const MESSAGES = {
  ...EXCHANGE_FAULTS,
  'gap-in-statement': 'Bytes that belong to the statement or its result were not captured.',
  'malformed-message': 'The bytes are no messages of the protocol, or messages in an order that it does not have.',
  'not-executed': 'The server passed it over, because a statement before it had failed.',
  'too-many-pending': 'More statements waited for their results than are followed at once.',
} as const satisfies Record<string, string>;

/** Codes that `error.code` of a flow can have. */
export type FaultCode = keyof typeof MESSAGES;

/** The error of a flow; one shared, frozen object per code. */
export const flowError = createFlowErrors<FaultCode>(MESSAGES);
