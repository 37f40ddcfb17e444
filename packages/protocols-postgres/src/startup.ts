// SPDX-License-Identifier: Apache-2.0
import { MAX_STARTUP_BYTES, StartupCode } from './constants.js';
import type { ChainVerdict } from './message-chain.js';
import { Payload } from './payload.js';

/** A packet without a type, which only a client's first ones are (Message Formats). */
export type StartupPacket =
  | { readonly kind: 'startup'; readonly user?: string; readonly database?: string }
  | { readonly kind: 'encryption' }
  | { readonly kind: 'cancel'; readonly processId: number };

const LEAST_BYTES = 8;
const MAJOR_VERSION = 3;

/** Whether a connection's first bytes are such a packet. */
export function readStartupHead(bytes: Buffer): ChainVerdict {
  // Its length is below 10,000.
  if ((bytes[0] ?? 0) !== 0 || (bytes[1] ?? 0) !== 0) return 'broken';
  if (bytes.length < LEAST_BYTES) return 'open';
  const length = bytes.readUInt32BE(0);
  const code = bytes.readUInt32BE(4);
  if (length < LEAST_BYTES || length > MAX_STARTUP_BYTES) return 'broken';
  switch (code) {
    case StartupCode.SSL:
    case StartupCode.GSS_ENCRYPTION:
      return length === LEAST_BYTES ? 'certain' : 'broken';
    case StartupCode.CANCEL:
      // Since protocol 3.2 the key is of any length up to 256 bytes.
      return length > 12 && length <= 268 ? 'certain' : 'broken';
    default:
      // A client may ask for a minor version that is never to be (9999) to see how the server takes it.
      return code >>> 16 === MAJOR_VERSION ? 'certain' : 'broken';
  }
}

/** @param bytes of the packet, without its length */
export function readStartupPacket(bytes: Buffer): StartupPacket | undefined {
  const payload = new Payload(bytes);
  const code = payload.uint32();
  if (code === StartupCode.SSL || code === StartupCode.GSS_ENCRYPTION) return { kind: 'encryption' };
  if (code === StartupCode.CANCEL) return { kind: 'cancel', processId: payload.uint32() };
  if (code >>> 16 !== MAJOR_VERSION) return undefined;
  const parameters = new Map<string, string>();
  for (let name = payload.text(); name !== '' && !payload.isCut; name = payload.text()) {
    parameters.set(name, payload.text());
  }
  const user = parameters.get('user');
  // The database has the user's name when none is given.
  const database = parameters.get('database') ?? user;
  return { kind: 'startup', ...(user === undefined ? {} : { user }), ...(database === undefined ? {} : { database }) };
}
