// SPDX-License-Identifier: Apache-2.0
import { LF, PROBE_BYTES, Type } from './constants.js';
import { startsWithCommand } from './known-commands.js';
import { commandNameAt, commandShape, replyShape } from './resp-shape.js';

/**
 * What the first bytes of a direction are. `line`: a command as somebody types it, which other protocols have too.
 * `push`: a message that only a server sends. `open`: more bytes may tell. `silent`: there are none.
 */
export type FirstBytes = 'command' | 'line' | 'reply' | 'push' | 'open' | 'silent' | 'foreign';

/** Arrays that a server sends in RESP2 without being asked. */
const PUSHED: ReadonlySet<string> = new Set(['MESSAGE', 'PMESSAGE', 'SMESSAGE']);

export function judgeFirstBytes(bytes: Buffer): FirstBytes {
  if (bytes.length === 0) return 'silent';
  const command = commandShape(bytes, 0);
  if (command === 'yes') return PUSHED.has(commandNameAt(bytes, 0)) ? 'push' : 'command';
  if (command === 'open') return 'open';
  const reply = replyShape(bytes);
  if (reply === 'yes') return bytes[0] === Type.PUSH ? 'push' : 'reply';
  if (reply === 'open') return 'open';
  return judgeLine(bytes);
}

function judgeLine(bytes: Buffer): FirstBytes {
  const lineFeed = bytes.indexOf(LF);
  const line = bytes.toString('latin1', 0, lineFeed === -1 ? Math.min(bytes.length, PROBE_BYTES) : lineFeed + 1);
  // GET, COPY and MOVE are methods of HTTP as well.
  const isForeign = startsWithCommand(line) === false || /\sHTTP\/\d/.test(line);
  if (isForeign) return 'foreign';
  if (lineFeed !== -1) return 'line';
  return bytes.length >= PROBE_BYTES ? 'foreign' : 'open';
}
