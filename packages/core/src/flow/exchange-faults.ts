// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import type { CloseReason } from '../parsing/protocol-plugin.js';
import type { FlowError } from './flow.js';

/** What can befall an exchange whatever its protocol: messages by `error.code`. A protocol adds its own. */
export const EXCHANGE_FAULTS = {
  'request-not-captured': 'The request of this response was not captured.',
  'response-not-captured': 'Bytes that may have held the response were not captured.',
  'no-response': 'The connection was closed before a response.',
  'connection-closed': 'The connection was closed in the middle of a message.',
  'capture-ended': 'The capture ended before the exchange did.',
  'connection-dropped': 'The connection was let go at a limit before the exchange ended.',
  'tls-started': 'The connection turned to TLS before the exchange ended.',
  'protocol-switched': 'The connection turned to another protocol before the exchange ended.',
} as const;

export type ExchangeFaultCode = keyof typeof EXCHANGE_FAULTS;

/** Gives the error of a code; one shared, frozen object for each. */
export function createFlowErrors<C extends string>(messages: Readonly<Record<C, string>>): (code: C) => FlowError {
  const errors = new Map<C, FlowError>();
  return (code) => {
    let error = errors.get(code);
    if (error === undefined) {
      error = Object.freeze({ code, message: messages[code] });
      errors.set(code, error);
    }
    return error;
  };
}

/** What the end of its stream means for a request that nobody has answered. */
export function faultOfClose(reason: CloseReason): ExchangeFaultCode {
  switch (reason) {
    case 'closed':
      return 'no-response';
    case 'end':
      return 'capture-ended';
    case 'limit':
      return 'connection-dropped';
    case 'tls-start':
      return 'tls-started';
    case 'handover':
      return 'protocol-switched';
    default:
      return assertNever(reason);
  }
}
