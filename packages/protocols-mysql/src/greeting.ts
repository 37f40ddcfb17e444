// SPDX-License-Identifier: Apache-2.0
import { Capability, type OwnCapabilities } from './capabilities.js';
import { HEADER_BYTES } from './constants.js';
import type { Beginning, Message } from './packets/message.js';
import { PayloadReader } from './packets/payload-reader.js';

/** Version of the handshake that servers have begun with since MySQL 3.21. */
const PROTOCOL_VERSION = 10;

/** An error of a few words. */
const MIN_GREETING_BYTES = 16;
const MAX_GREETING_BYTES = 512;
const MAX_VERSION_BYTES = 128;

/** After the version: number of the connection, 8 bytes of challenge, a byte of 0. */
const FILLER_OFFSET = 12;

/** Numbers of errors that a server's own messages have. */
const MIN_ERROR = 1000;
const MAX_ERROR = 4999;

const SHOWN_ERROR_BYTES = 16;

/** Whether a server begins a connection with these bytes: its greeting, or the error that it sends in place of one. */
export function beginsGreeting(bytes: Buffer): Beginning {
  const length = bytes.length < 3 ? MAX_GREETING_BYTES : bytes.readUIntLE(0, 3);
  const isPossible = (bytes[1] ?? 0) <= MAX_GREETING_BYTES >> 8 && (bytes[2] ?? 0) === 0 && (bytes[3] ?? 0) === 0;
  if (!isPossible || length < MIN_GREETING_BYTES || length > MAX_GREETING_BYTES) return 'no';
  if (bytes.length <= HEADER_BYTES) return 'more';
  if (bytes[HEADER_BYTES] === 0xff) return beginsError(bytes, length);
  if (bytes[HEADER_BYTES] !== PROTOCOL_VERSION) return 'no';
  const from = HEADER_BYTES + 1;
  let at = from;
  while (isPrintable(bytes[at])) at += 1;
  if (at - from > MAX_VERSION_BYTES) return 'no';
  if (at === bytes.length) return 'more';
  const filler = at + 1 + FILLER_OFFSET;
  if (bytes[at] !== 0 || at === from || filler >= HEADER_BYTES + length) return 'no';
  if (filler >= bytes.length) return 'more';
  return bytes[filler] === 0 ? 'yes' : 'no';
}

function beginsError(bytes: Buffer, length: number): Beginning {
  const end = HEADER_BYTES + 3 + SHOWN_ERROR_BYTES;
  if (length < end - HEADER_BYTES) return 'no';
  if (bytes.length < HEADER_BYTES + 3) return 'more';
  const number = bytes.readUInt16LE(HEADER_BYTES + 1);
  if (number < MIN_ERROR || number > MAX_ERROR) return 'no';
  for (let at = HEADER_BYTES + 3; at < end; at++) {
    if (at >= bytes.length) return 'more';
    if (!isPrintable(bytes[at])) return 'no';
  }
  return 'yes';
}

function isPrintable(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x20 && byte < 0x7f;
}

/** What the server is capable of. Undefined where the message is no greeting. */
export function readGreeting({ payload }: Message): OwnCapabilities | undefined {
  const reader = new PayloadReader(payload);
  if (reader.uint(1) !== PROTOCOL_VERSION) return undefined;
  reader.zeroTerminated();
  reader.skip(FILLER_OFFSET + 1);
  const low = reader.uint(2);
  if (reader.failed) return undefined;
  // Character set and status; then the length of the challenge, and six bytes of nothing.
  reader.skip(3);
  const high = reader.uint(2);
  reader.skip(7);
  const isMariadb = (low & Capability.CLIENT_MYSQL) === 0;
  const mariadbFlags = isMariadb ? reader.uint(4) : 0;
  return { flags: low + high * 0x1_00_00, mariadbFlags };
}
