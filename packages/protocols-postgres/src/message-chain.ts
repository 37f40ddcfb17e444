// SPDX-License-Identifier: Apache-2.0
import { isPossible, isType, type Sender } from './message-rules.js';
import { isText, isWellFormed } from './payload-rules.js';

/** `certain`: they are messages. `open`: they may be, as far as they go. `broken`: they are none. */
export type ChainVerdict = 'certain' | 'open' | 'broken';

const QUERY = 'Q'.charCodeAt(0);
/** Type and length. */
const HEAD_BYTES = 5;
/** So many that follow one another are certain. */
const ENOUGH_MESSAGES = 3;
/** Bytes of a statement that tell that it is one, where its end is not there yet; longer ones are none. */
const ENOUGH_TEXT = 32;
const MAX_STATEMENT_LENGTH = 0x03ff_ffff;
/** Types that are certain alone, when nothing follows: their length is exact, and so is what they hold. */
const CERTAIN_ALONE: Readonly<Record<Sender, string>> = { client: 'Q', server: 'Z' };

/**
 * Whether bytes that begin somewhere begin with messages: each has a type and a length that go together, holds what its type
 * holds, and is followed by the next one or by nothing.
 */
export function readChain(bytes: Buffer, start: number, sender: Sender): ChainVerdict {
  let at = start;
  for (let messages = 0; at < bytes.length; messages += 1) {
    const head = bytes[at] ?? 0;
    if (!isType(sender, head)) return 'broken';
    if (messages >= ENOUGH_MESSAGES) return 'certain';
    if (bytes.length - at < HEAD_BYTES) return 'open';
    const length = bytes.readUInt32BE(at + 1);
    if (!isPossible(sender, head, length)) return 'broken';
    const end = at + 1 + length;
    if (end > bytes.length) return unfinished(bytes, at, sender, length);
    const type = String.fromCharCode(head);
    if (!isWellFormed(sender, type, bytes.subarray(at + HEAD_BYTES, end))) return 'broken';
    at = end;
    if (at === bytes.length && (messages > 0 || CERTAIN_ALONE[sender] === type)) return 'certain';
  }
  return 'open';
}

function unfinished(bytes: Buffer, at: number, sender: Sender, length: number): ChainVerdict {
  if (sender !== 'client' || bytes[at] !== QUERY) return 'open';
  const start = at + HEAD_BYTES;
  if (length > MAX_STATEMENT_LENGTH || !isText(bytes, start, bytes.length)) return 'broken';
  return bytes.length - start >= ENOUGH_TEXT ? 'certain' : 'open';
}
