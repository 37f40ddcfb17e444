// SPDX-License-Identifier: Apache-2.0
import type { ProtocolPlugin } from '@flowtap/core';
import { PROBE_BYTES, PROTOCOL_NAME } from './constants.js';
import { detect } from './detect.js';
import { Http1Parser } from './parser.js';

/**
 * HTTP/1.0 and HTTP/1.1 (RFC 9110, RFC 9112). Limits are those of the tap.
 *
 * @example
 * const tap = createTap({ source, protocols: [http1()], exporters: [] });
 */
export function http1(): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: PROTOCOL_NAME,
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new Http1Parser(context),
  };
}
