// SPDX-License-Identifier: Apache-2.0
import type { Recording } from '@flowtap/core/testing';
import { Flag, FrameType } from '../src/constants.js';

export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';

type Fields = readonly (readonly [string, string])[];

export function frame(type: number, flags: number, streamId: number, payload: Buffer | string = ''): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload, 'latin1') : payload;
  const head = Buffer.alloc(9);
  head.writeUIntBE(bytes.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, bytes]);
}

/** Fields as literals (RFC 7541 §6.2); `indexed` makes an entry of each. No Huffman coding. */
export function block(fields: Fields, indexed = false): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [
      Buffer.from([indexed ? 0x40 : 0x00]),
      literal(Buffer.from(name, 'latin1')),
      literal(Buffer.from(value, 'latin1')),
    ]),
  );
}

function literal(text: Buffer): Buffer {
  if (text.length < 127) return Buffer.concat([Buffer.from([text.length]), text]);
  const rest = text.length - 127;
  const length = [0x7f];
  let left = rest;
  for (; left >= 128; left = Math.floor(left / 128)) length.push((left % 128) | 0x80);
  length.push(left);
  return Buffer.concat([Buffer.from(length), text]);
}

export function request(target: string, more: Fields = [], method = 'GET'): Fields {
  return [[':method', method], [':scheme', 'https'], [':authority', 'h'], [':path', target], ...more];
}

export function response(status: number, more: Fields = []): Fields {
  return [[':status', String(status)], ...more];
}

export function headers(streamId: number, fields: Fields, ending: 'end' | 'open' = 'open', indexed = false): Buffer {
  const flags = Flag.END_HEADERS | (ending === 'end' ? Flag.END_STREAM : 0);
  return frame(FrameType.HEADERS, flags, streamId, block(fields, indexed));
}

export function data(streamId: number, content: string, ending: 'end' | 'open' = 'end'): Buffer {
  return frame(FrameType.DATA, ending === 'end' ? Flag.END_STREAM : 0, streamId, content);
}

export function settings(...pairs: readonly (readonly [number, number])[]): Buffer {
  const payload = Buffer.alloc(6 * pairs.length);
  pairs.forEach(([id, value], i) => {
    payload.writeUInt16BE(id, 6 * i);
    payload.writeUInt32BE(value, 6 * i + 2);
  });
  return frame(FrameType.SETTINGS, 0, 0, payload);
}

export const settingsAck: Buffer = frame(FrameType.SETTINGS, Flag.ACK, 0);

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

export function join(...parts: readonly (Buffer | string)[]): Buffer {
  return Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));
}

/** The same bytes in pieces of the preface and of one frame each, in the order in which they were complete. */
export function framesIn(recording: Recording): Recording {
  const rest = { egress: Buffer.alloc(0), ingress: Buffer.alloc(0) };
  const frames: Recording = [];
  for (const { direction, bytes } of recording) {
    let left = Buffer.concat([rest[direction], bytes]);
    for (;;) {
      const isPreface = left[0] === PREFACE.charCodeAt(0);
      const length = isPreface ? PREFACE.length : left.length < 9 ? 9 : 9 + left.readUIntBE(0, 3);
      if (left.length < length) break;
      frames.push({ direction, bytes: left.subarray(0, length) });
      left = left.subarray(length);
    }
    rest[direction] = left;
  }
  return frames;
}
