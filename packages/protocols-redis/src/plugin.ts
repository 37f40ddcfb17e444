// SPDX-License-Identifier: Apache-2.0
import type { ProtocolPlugin } from '@flowtap/core';
import { PROBE_BYTES, PROTOCOL_NAME } from './constants.js';
import { detect } from './detect.js';
import { RedisParser } from './parser.js';

/**
 * Redis and what speaks its protocol (Valkey, KeyDB, Dragonfly): RESP2, RESP3 and inline commands. Limits are those of the
 * tap. Register it before `http1()`, which looks at much of a connection that was joined late before it lets others ask.
 *
 * @example
 * const tap = createTap({ source, protocols: [redis(), http1()], exporters: [stdout()] });
 */
export function redis(): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: PROTOCOL_NAME,
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new RedisParser(context),
  };
}
