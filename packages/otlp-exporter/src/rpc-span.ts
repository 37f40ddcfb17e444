// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow, HttpRequest, HttpResponse } from '@flowtap/core';
import { ATTR_RPC_METHOD, ATTR_RPC_STATUS_CODE, ATTR_RPC_SYSTEM_NAME } from '@opentelemetry/semantic-conventions';
import { connectionAttributes } from './connection-attributes.js';
import type { DescribedSpan } from './described-span.js';

const OK = 0;
/** Semantic conventions for gRPC: of the others a server says that the client did wrong. */
const SERVER_ERRORS = new Set([2, 4, 12, 13, 14, 15]);

/** Semantic conventions for RPC spans and for gRPC. */
export function rpcSpan(
  flow: ExchangeFlow,
  request: HttpRequest | undefined,
  response: HttpResponse | undefined,
): DescribedSpan {
  const { service, method } = request?.grpc ?? {};
  const fullMethod = service === undefined || method === undefined ? undefined : `${service}/${method}`;
  const { status, statusName = status === undefined ? undefined : String(status), message } = response?.grpc ?? {};
  const isError = status === undefined || (flow.role === 'server' ? SERVER_ERRORS.has(status) : status !== OK);
  return {
    name: fullMethod ?? 'grpc',
    attributes: {
      [ATTR_RPC_SYSTEM_NAME]: 'grpc',
      [ATTR_RPC_METHOD]: fullMethod,
      [ATTR_RPC_STATUS_CODE]: statusName,
      ...connectionAttributes(flow, request?.authority),
    },
    ...(isError
      ? {
          errorType: statusName ?? flow.error?.code ?? 'no-status',
          errorMessage: message ?? flow.error?.message,
        }
      : {}),
  };
}
