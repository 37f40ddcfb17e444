// SPDX-License-Identifier: Apache-2.0
import {
  type ExchangeFlow,
  endpointText,
  isSqlRequest,
  isSqlResponse,
  type SqlRequest,
  type SqlResponse,
} from '@flowtap/core';
import {
  ATTR_DB_NAMESPACE,
  ATTR_DB_OPERATION_NAME,
  ATTR_DB_QUERY_TEXT,
  ATTR_DB_RESPONSE_STATUS_CODE,
  ATTR_DB_SYSTEM_NAME,
} from '@opentelemetry/semantic-conventions';
import { connectionAttributes } from './connection-attributes.js';
import { cut, type DescribedSpan } from './described-span.js';
import { operationOf, withoutLiterals } from './sql-text.js';

/** More of them tell nothing about a command. */
const MAX_SHOWN_ARGUMENTS = 10;

/** Stores without a query language: a flow's request has a `command`. */
const COMMAND_STORES: ReadonlySet<string> = new Set(['redis', 'memcached']);

interface Command {
  readonly command: string;
  readonly argumentCount?: number;
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Semantic conventions for database spans. Undefined when the flow is none of a database. */
export function databaseSpan(flow: ExchangeFlow): DescribedSpan | undefined {
  const request: unknown = flow.request;
  const response: unknown = flow.response;
  const sqlRequest = isSqlRequest(request) ? request : undefined;
  const sqlResponse = isSqlResponse(response) ? response : undefined;
  if (sqlRequest !== undefined || sqlResponse !== undefined) return sqlSpan(flow, sqlRequest, sqlResponse);
  if (!COMMAND_STORES.has(flow.protocol)) return undefined;
  return commandSpan(flow, isCommand(request) ? request : undefined, response as { error?: Refusal } | undefined);
}

function sqlSpan(
  flow: ExchangeFlow,
  request: SqlRequest | undefined,
  response: SqlResponse | undefined,
): DescribedSpan {
  const text = request?.sql === undefined ? undefined : withoutLiterals(request.sql, flow.protocol);
  return storeSpan(flow, response, {
    operation: (text === undefined ? undefined : operationOf(text)) ?? request?.operation,
    namespace: request?.database,
    text,
  });
}

function commandSpan(
  flow: ExchangeFlow,
  request: Command | undefined,
  response: { readonly error?: Refusal } | undefined,
): DescribedSpan {
  const shown = Math.min(request?.argumentCount ?? 0, MAX_SHOWN_ARGUMENTS);
  return storeSpan(flow, response, {
    operation: request?.command,
    namespace: undefined,
    text: request && request.command + ' ?'.repeat(shown),
  });
}

function storeSpan(
  flow: ExchangeFlow,
  response: { readonly error?: Refusal } | undefined,
  query: {
    readonly operation: string | undefined;
    readonly namespace: string | undefined;
    readonly text: string | undefined;
  },
): DescribedSpan {
  const { operation, namespace, text } = query;
  const target = namespace ?? (flow.destination && endpointText(flow.destination));
  const refusal = response?.error;
  const failure =
    response === undefined ? (flow.error ?? { code: 'no-response', message: 'No response was seen.' }) : refusal;
  return {
    name: cut([operation ?? flow.protocol, operation && target].filter(Boolean).join(' ')),
    attributes: {
      [ATTR_DB_SYSTEM_NAME]: flow.protocol,
      [ATTR_DB_NAMESPACE]: namespace,
      [ATTR_DB_OPERATION_NAME]: operation,
      [ATTR_DB_QUERY_TEXT]: text === undefined ? undefined : cut(text),
      [ATTR_DB_RESPONSE_STATUS_CODE]: refusal?.code,
      ...connectionAttributes(flow),
    },
    errorType: failure?.code,
    errorMessage: failure?.message,
  };
}

function isCommand(message: unknown): message is Command {
  return typeof message === 'object' && message !== null && 'command' in message && typeof message.command === 'string';
}
