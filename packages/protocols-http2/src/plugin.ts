// SPDX-License-Identifier: Apache-2.0
import type { GrpcSchema, ProtocolPlugin } from '@flowtap/core';
import { PROTOCOL_NAME, UPGRADE_TOKENS } from './constants.js';
import { detect } from './detect.js';
import { PROBE_BYTES } from './limits.js';
import { Http2Parser } from './parser.js';

export interface Http2Options {
  /** Decodes the messages of gRPC calls; `loadGrpcSchema` of `@flowtap/grpc-schema` makes one. @default bytes only */
  readonly grpcSchema?: GrpcSchema | undefined;
}

/**
 * HTTP/2 (RFC 9113) and gRPC over it. Limits are those of the tap. Register it before `http1()`: it knows its
 * connections by their first bytes, and a late one by frames, which HTTP/1 bodies do not look like.
 *
 * @example
 * const tap = createTap({ source, protocols: [http2(), http1()], exporters: [] });
 */
export function http2({ grpcSchema }: Http2Options = {}): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: PROTOCOL_NAME,
    upgradeTokens: UPGRADE_TOKENS,
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new Http2Parser(context, grpcSchema),
  };
}
