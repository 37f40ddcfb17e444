// SPDX-License-Identifier: Apache-2.0

export interface ClientHelloFields {
  /** RFC 6066 §3 */
  readonly serverName?: string;
  /** RFC 7301 §3.1 */
  readonly alpn?: readonly string[];
  /** Bytes of handshake message per record. @default all in one record */
  readonly fragmentBytes?: number;
  /** @default 1, ClientHello */
  readonly handshakeType?: number;
}

/** TLS records with a ClientHello (RFC 8446 §4.1.2) that has these fields. */
export function clientHelloBytes(fields: ClientHelloFields = {}): Buffer {
  const extensions = [extension(0x0a0a, Buffer.alloc(1))];
  if (fields.serverName !== undefined) {
    const name = Buffer.concat([Buffer.from([0]), sized(2, Buffer.from(fields.serverName, 'latin1'))]);
    extensions.push(extension(0, sized(2, name)));
  }
  if (fields.alpn !== undefined) {
    const names = fields.alpn.map((name) => sized(1, Buffer.from(name, 'latin1')));
    extensions.push(extension(16, sized(2, Buffer.concat(names))));
  }
  const body = Buffer.concat([
    Buffer.from([3, 3]),
    Buffer.alloc(32, 7),
    sized(1, Buffer.alloc(32, 8)),
    sized(2, Buffer.from([0x13, 0x01, 0x13, 0x02])),
    sized(1, Buffer.from([0])),
    sized(2, Buffer.concat(extensions)),
  ]);
  const message = Buffer.concat([Buffer.from([fields.handshakeType ?? 1]), sized(3, body)]);
  const size = fields.fragmentBytes ?? message.length;
  const records: Buffer[] = [];
  for (let at = 0; at < message.length; at += size) {
    records.push(Buffer.from([22, 3, 1]), sized(2, message.subarray(at, at + size)));
  }
  return Buffer.concat(records);
}

function extension(type: number, data: Buffer): Buffer {
  const head = Buffer.alloc(2);
  head.writeUInt16BE(type);
  return Buffer.concat([head, sized(2, data)]);
}

function sized(lengthBytes: number, content: Buffer): Buffer {
  const head = Buffer.alloc(lengthBytes);
  head.writeUIntBE(content.length, 0, lengthBytes);
  return Buffer.concat([head, content]);
}
