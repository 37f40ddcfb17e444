// SPDX-License-Identifier: Apache-2.0

/** What a TLS client says in the clear before the encryption starts. */
export interface ClientHello {
  /** RFC 6066 §3. Absent when the client named no server. */
  readonly serverName?: string;
  /** RFC 7301 §3.1. Absent when the client offered none. */
  readonly alpn?: readonly string[];
}

export type ClientHelloResult =
  | { readonly status: 'found'; readonly hello: ClientHello }
  /** Do not ask again before there are `bytes` of them. */
  | { readonly status: 'need-more'; readonly bytes: number }
  | { readonly status: 'none' };

// RFC 8446 §5.1
const RECORD_HEADER_BYTES = 5;
const CONTENT_TYPE_HANDSHAKE = 22;
// RFC 8446 §4
const HANDSHAKE_HEADER_BYTES = 4;
const HANDSHAKE_CLIENT_HELLO = 1;
// RFC 8446 §4.1.2: legacy_version (2) and random (32)
const FIXED_BYTES = 34;
const EXTENSION_SERVER_NAME = 0;
const EXTENSION_ALPN = 16;
const NAME_TYPE_HOST = 0;

const NONE: ClientHelloResult = { status: 'none' };

/** Reads a ClientHello (RFC 8446 §4.1.2) from the first bytes of a direction. Total: never throws, whatever the bytes. */
export function readClientHello(bytes: Buffer): ClientHelloResult {
  const fragments: Buffer[] = [];
  let collected = 0;
  let needed = HANDSHAKE_HEADER_BYTES;
  let position = 0;
  // A handshake message may be spread over several records (RFC 8446 §5.1).
  while (collected < needed) {
    if (position < bytes.length && bytes[position] !== CONTENT_TYPE_HANDSHAKE) return NONE;
    if (position + RECORD_HEADER_BYTES > bytes.length) return needMore(position + RECORD_HEADER_BYTES);
    const length = bytes.readUInt16BE(position + 3);
    // Zero-length fragments of handshake types are forbidden, so this is not TLS.
    if (length === 0) return NONE;
    const fragment = bytes.subarray(position + RECORD_HEADER_BYTES, position + RECORD_HEADER_BYTES + length);
    if (collected === 0 && fragment.length > 0 && fragment[0] !== HANDSHAKE_CLIENT_HELLO) return NONE;
    if (fragment.length < length) return needMore(position + RECORD_HEADER_BYTES + length);
    fragments.push(fragment);
    collected += length;
    position += RECORD_HEADER_BYTES + length;
    if (collected >= HANDSHAKE_HEADER_BYTES && needed === HANDSHAKE_HEADER_BYTES) {
      const head = joined(fragments);
      needed += head.readUIntBE(1, 3);
    }
  }
  return { status: 'found', hello: parseBody(joined(fragments).subarray(HANDSHAKE_HEADER_BYTES, needed)) };
}

function needMore(bytes: number): ClientHelloResult {
  return { status: 'need-more', bytes };
}

function joined(fragments: readonly Buffer[]): Buffer {
  const [first] = fragments;
  return fragments.length === 1 && first !== undefined ? first : Buffer.concat(fragments);
}

/** A body that breaks off gives what was read until there. */
function parseBody(body: Buffer): ClientHello {
  const sessionId = vectorEnd(body, FIXED_BYTES, 1);
  const cipherSuites = vectorEnd(body, sessionId, 2);
  const compression = vectorEnd(body, cipherSuites, 1);
  const extensions = vector(body, compression, 2);
  let serverName: string | undefined;
  let alpn: readonly string[] | undefined;
  let position = 0;
  while (position + 4 <= extensions.length) {
    const type = extensions.readUInt16BE(position);
    const data = vector(extensions, position + 2, 2);
    if (type === EXTENSION_SERVER_NAME) serverName = readServerName(data);
    else if (type === EXTENSION_ALPN) alpn = readAlpn(data);
    position += 4 + extensions.readUInt16BE(position + 2);
  }
  return {
    ...(serverName === undefined ? {} : { serverName }),
    ...(alpn === undefined || alpn.length === 0 ? {} : { alpn }),
  };
}

function readServerName(data: Buffer): string | undefined {
  const list = vector(data, 0, 2);
  let position = 0;
  while (position + 3 <= list.length) {
    const name = vector(list, position + 1, 2);
    if (list[position] === NAME_TYPE_HOST && isPrintable(name)) return name.toString('latin1');
    position += 3 + list.readUInt16BE(position + 1);
  }
  return undefined;
}

function readAlpn(data: Buffer): string[] {
  const list = vector(data, 0, 2);
  const names: string[] = [];
  let position = 0;
  while (position < list.length) {
    const name = vector(list, position, 1);
    // Leaves out the reserved names that clients send to keep servers tolerant (RFC 8701 §2): they are not printable.
    if (isPrintable(name)) names.push(name.toString('latin1'));
    position += 1 + (list[position] ?? 0);
  }
  return names;
}

function isPrintable(bytes: Buffer): boolean {
  return bytes.length > 0 && bytes.every((byte) => byte > 0x20 && byte < 0x7f);
}

/** Content of a vector whose length stands before it in `lengthBytes` bytes; empty when it does not fit. */
function vector(bytes: Buffer, position: number, lengthBytes: 1 | 2): Buffer {
  const start = position + lengthBytes;
  const end = vectorEnd(bytes, position, lengthBytes);
  return end > bytes.length ? bytes.subarray(0, 0) : bytes.subarray(start, end);
}

function vectorEnd(bytes: Buffer, position: number, lengthBytes: 1 | 2): number {
  const start = position + lengthBytes;
  if (start > bytes.length) return start;
  return start + bytes.readUIntBE(position, lengthBytes);
}
