// SPDX-License-Identifier: Apache-2.0
import { Capability, type OwnCapabilities } from './capabilities.js';
import { HEADER_BYTES } from './constants.js';
import type { Beginning, Message } from './packets/message.js';
import { PayloadReader } from './packets/payload-reader.js';
import { shownText } from './values/text.js';

/** Capabilities, greatest packet, character set, 23 bytes that are 0 but for MariaDB's capabilities in the last four. */
const FIXED_BYTES = 32;
const ZEROS_FROM = HEADER_BYTES + 9;
const ZEROS_TO = HEADER_BYTES + 28;

/** 1 after the greeting; one more once TLS has been asked for. */
const MAX_SEQUENCE = 3;
const MAX_LOGIN_BYTES = 0xff_ff;

/** What a login says, without anything that proves who the user is. */
export interface Login {
  readonly capabilities: OwnCapabilities;
  readonly user?: string;
  readonly database?: string;
  /** Only capabilities were sent: the login itself comes under TLS. */
  readonly asksForTls: boolean;
}

/** Whether a client begins with these bytes: its login, or its request of TLS. */
export function beginsLogin(bytes: Buffer): Beginning {
  const length = bytes.length < 3 ? FIXED_BYTES : bytes.readUIntLE(0, 3);
  const sequence = bytes[3] ?? 1;
  if ((bytes[2] ?? 0) !== 0 || sequence < 1 || sequence > MAX_SEQUENCE) return 'no';
  if (length < FIXED_BYTES || length > MAX_LOGIN_BYTES) return 'no';
  if (bytes.length >= HEADER_BYTES + 2 && (bytes.readUInt16LE(HEADER_BYTES) & Capability.PROTOCOL_41) === 0)
    return 'no';
  for (let at = ZEROS_FROM; at < ZEROS_TO; at++) {
    if (at >= bytes.length) return 'more';
    if (bytes[at] !== 0) return 'no';
  }
  return 'yes';
}

/** Undefined where the message is no login. */
export function readLogin({ payload, size }: Message): Login | undefined {
  if (payload.length < FIXED_BYTES) return undefined;
  const reader = new PayloadReader(payload);
  const flags = reader.uint(4);
  if ((flags & Capability.PROTOCOL_41) === 0) return undefined;
  reader.skip(FIXED_BYTES - 8);
  const mariadbFlags = (flags & Capability.CLIENT_MYSQL) === 0 ? reader.uint(4) : 0;
  const capabilities = { flags, mariadbFlags };
  if (size === FIXED_BYTES) return { capabilities, asksForTls: true };
  reader.at = FIXED_BYTES;
  const user = shownText(reader.zeroTerminated());
  skipProof(reader, flags);
  const hasDatabase = (flags & Capability.CONNECT_WITH_DB) !== 0;
  const database = hasDatabase ? shownText(reader.zeroTerminated()) : '';
  return { capabilities, asksForTls: false, user, ...(database === '' || reader.failed ? {} : { database }) };
}

function skipProof(reader: PayloadReader, flags: number): void {
  if ((flags & Capability.PLUGIN_AUTH_LENENC) !== 0) reader.skip(reader.count());
  else if ((flags & Capability.SECURE_CONNECTION) !== 0) reader.skip(reader.uint(1));
  else reader.zeroTerminated();
}

/** User and database of a change of user. */
export function readChangeOfUser(payload: Buffer): { readonly user: string; readonly database?: string } {
  const reader = new PayloadReader(payload, 1);
  const user = shownText(reader.zeroTerminated());
  reader.skip(reader.uint(1));
  const database = shownText(reader.zeroTerminated());
  return { user, ...(database === '' || reader.failed ? {} : { database }) };
}
