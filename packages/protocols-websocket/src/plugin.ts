// SPDX-License-Identifier: Apache-2.0
import type { ProtocolPlugin } from '@flowtap/core';
import { PROBE_BYTES, PROTOCOL_NAME } from './constants.js';
import { detect } from './detect.js';
import { WebSocketParser } from './parser.js';

/**
 * WebSocket (RFC 6455) with permessage-deflate (RFC 7692). Limits are those of the tap. Register it with `http1()`, which
 * hands connections over to it; after it, so that a connection that was joined late is HTTP's if it can be.
 *
 * @example
 * const tap = createTap({ source, protocols: [http1(), websocket()], exporters: [] });
 */
export function websocket(): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: PROTOCOL_NAME,
    continuesExchange: true,
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new WebSocketParser(context),
  };
}
