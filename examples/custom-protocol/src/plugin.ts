// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe, ProtocolPlugin } from '@flowtap/core';
import { COMMANDS, PROBE_BYTES } from './constants.js';
import { MemcachedParser } from './parser.js';

/** Makes the plugin: `createTap({ protocols: [memcached()], … })`. */
export function memcached(): ProtocolPlugin {
  return {
    apiVersion: 1,
    name: 'memcached',
    probeBytes: PROBE_BYTES,
    detect,
    createParser: (context) => new MemcachedParser(context),
  };
}

/** Whether one of the two directions begins with a command. */
function detect({ ingress, egress }: Probe): Detection {
  const answers = [beginningOf(ingress), beginningOf(egress)];
  if (answers.includes('match')) return 'match';
  return answers.includes('need-more') ? 'need-more' : 'no-match';
}

function beginningOf(bytes: Buffer): Detection {
  const [word = '', end] = bytes.toString('latin1', 0, PROBE_BYTES).split(/([ \r\n])/);
  if (end !== undefined) return COMMANDS.has(word) ? 'match' : 'no-match';
  return word !== '' && [...COMMANDS.keys()].some((name) => name.startsWith(word)) ? 'need-more' : 'no-match';
}
