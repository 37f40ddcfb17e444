// SPDX-License-Identifier: Apache-2.0
import type { ProtocolPlugin } from '@flowtap/core';
import { PROBE_BYTES, PROTOCOL_NAME } from './constants.js';
import { detect } from './detect.js';
import { MysqlParser } from './parser.js';

/**
 * The client/server protocol of MySQL and MariaDB: each command is a flow. Limits are those of the tap: `maxBodyBytes` bounds
 * a statement's text, its parameters, and the rows of a response.
 *
 * @example
 * const tap = createTap({ source, protocols: [mysql()], exporters: [stdout()] });
 */
export function mysql(): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: PROTOCOL_NAME,
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new MysqlParser(context),
  };
}
