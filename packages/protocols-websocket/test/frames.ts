// SPDX-License-Identifier: Apache-2.0
import { deflateRawSync } from 'node:zlib';
import { type Direction, HttpBody, type HttpHeader, type UpgradedExchange } from '@flowtap/core';

export interface FrameInit {
  readonly opcode: number;
  readonly payload?: Buffer | string;
  /** @default true */
  readonly fin?: boolean;
  /** RSV1, RSV2, RSV3 as one number. @default 0 */
  readonly rsv?: number;
  /** The client's. @default none */
  readonly mask?: Buffer | undefined;
  /** Bytes of the length field. @default the fewest */
  readonly lengthBytes?: 0 | 2 | 8;
}

export const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

/** RFC 6455 §5.2 */
export function frame({ opcode, payload = '', fin = true, rsv = 0, mask, lengthBytes }: FrameInit): Buffer {
  const bytes = Buffer.from(payload);
  const size = lengthBytes ?? (bytes.length > 65_535 ? 8 : bytes.length > 125 ? 2 : 0);
  const length = Buffer.alloc(size);
  if (size === 2) length.writeUInt16BE(bytes.length);
  if (size === 8) length.writeBigUInt64BE(BigInt(bytes.length));
  const short = size === 0 ? bytes.length : size === 2 ? 126 : 127;
  const head = Buffer.from([(fin ? 0x80 : 0) | (rsv << 4) | opcode, (mask === undefined ? 0 : 0x80) | short]);
  if (mask === undefined) return Buffer.concat([head, length, bytes]);
  return Buffer.concat([head, length, mask, Buffer.from(bytes.map((byte, i) => byte ^ (mask[i % 4] ?? 0)))]);
}

interface Step {
  readonly direction: Direction;
  readonly bytes: Buffer;
}

export const client = (...frames: readonly FrameInit[]): Step => ({
  direction: 'egress',
  bytes: Buffer.concat(frames.map((init) => frame({ mask: MASK, ...init }))),
});

export const server = (...frames: readonly FrameInit[]): Step => ({
  direction: 'ingress',
  bytes: Buffer.concat(frames.map((init) => frame(init))),
});

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

export const text = (payload: string): FrameInit => ({ opcode: TEXT, payload });

export function close(code: number, reason = ''): FrameInit {
  const payload = Buffer.alloc(2);
  payload.writeUInt16BE(code);
  return { opcode: CLOSE, payload: Buffer.concat([payload, Buffer.from(reason)]) };
}

/** RFC 7692 §7.2.1, without what came before. */
export function deflated(content: string, opcode = TEXT): FrameInit {
  return { opcode, rsv: 4, payload: deflate(content) };
}

export function deflate(content: string | Buffer, dictionary?: Buffer): Buffer {
  const bytes = deflateRawSync(content, { finishFlush: 2, ...(dictionary === undefined ? {} : { dictionary }) });
  return bytes.subarray(0, -4);
}

/** The exchange that HTTP/1 hands over. */
export function upgraded(extensions?: string): UpgradedExchange {
  const headers: readonly HttpHeader[] = extensions === undefined ? [] : [['Sec-WebSocket-Extensions', extensions]];
  return {
    protocol: 'http/1.1',
    scheme: 'http',
    requestDirection: 'egress',
    startNs: 0,
    endNs: 0,
    complete: true,
    request: {
      method: 'GET',
      target: '/socket',
      authority: 'h',
      httpVersion: '1.1',
      headers: [['Upgrade', 'websocket']],
      body: HttpBody.empty,
    },
    response: { status: 101, reason: 'Switching Protocols', httpVersion: '1.1', headers, body: HttpBody.empty },
  };
}
