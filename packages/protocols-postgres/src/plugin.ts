// SPDX-License-Identifier: Apache-2.0
import type { ProtocolPlugin } from '@flowtap/core';
import { PROBE_BYTES, PROTOCOL_NAME } from './constants.js';
import { detect } from './detect.js';
import { PostgresParser } from './parser.js';

/**
 * PostgreSQL's frontend/backend protocol, versions 3.0 and 3.2. Limits are those of the tap.
 *
 * @example
 * const tap = createTap({ source, protocols: [http1(), postgres()], exporters: [] });
 */
export function postgres(): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: PROTOCOL_NAME,
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new PostgresParser(context),
  };
}
