// SPDX-License-Identifier: Apache-2.0
import type { Sender } from './message-rules.js';
import { Payload } from './payload.js';

/** Bytes of a long text that tell what it is. */
const MAX_LOOKED_AT = 4096;

/** Whether the whole payload of a message is what one of its type holds: the evidence that bytes are messages. */
export function isWellFormed(sender: Sender, type: string, bytes: Buffer): boolean {
  const payload = new Payload(bytes);
  const isRight = sender === 'client' ? clientFields(type, payload, bytes) : serverFields(type, payload, bytes);
  return isRight && !payload.isCut && payload.isAtEnd;
}

function clientFields(type: string, payload: Payload, bytes: Buffer): boolean {
  switch (type) {
    case 'Q':
      return isTextToItsEnd(bytes, payload);
    case 'P':
      payload.text();
      payload.text();
      payload.skip(4 * payload.uint16());
      return true;
    case 'B':
      payload.text();
      payload.text();
      skipFormats(payload);
      skipValues(payload, payload.uint16());
      skipFormats(payload);
      return true;
    case 'D':
    case 'C': {
      const target = payload.uint8();
      payload.text();
      return target === 0x53 || target === 0x50;
    }
    case 'E':
      payload.text();
      return payload.int32() >= 0;
    default:
      return skipRest(payload, bytes);
  }
}

function serverFields(type: string, payload: Payload, bytes: Buffer): boolean {
  switch (type) {
    case 'Z':
      return 'ITE'.includes(String.fromCharCode(payload.uint8()));
    case 'C':
      return isTextToItsEnd(bytes, payload);
    case 'T':
      for (let left = payload.uint16(); left > 0 && !payload.isCut; left -= 1) {
        payload.text();
        payload.skip(18);
      }
      return true;
    case 'D':
      skipValues(payload, payload.uint16());
      return true;
    case 'E':
    case 'N':
      while (payload.uint8() !== 0) payload.text();
      return true;
    case 'S':
      payload.text();
      payload.text();
      return true;
    case 't':
      payload.skip(4 * payload.uint16());
      return true;
    case 'G':
    case 'H':
    case 'W':
      payload.uint8();
      payload.skip(2 * payload.uint16());
      return true;
    default:
      return skipRest(payload, bytes);
  }
}

function skipFormats(payload: Payload): void {
  payload.skip(2 * payload.uint16());
}

function skipValues(payload: Payload, count: number): void {
  for (let left = count; left > 0 && !payload.isCut; left -= 1) {
    const length = payload.int32();
    if (length !== -1) payload.skip(length < 0 ? Number.MAX_SAFE_INTEGER : length);
  }
}

/** No zero byte but the last one, and none that text does not have. */
function isTextToItsEnd(bytes: Buffer, payload: Payload): boolean {
  payload.text();
  return isText(bytes, 0, bytes.length - 1);
}

/** Whether the first bytes have none of the bytes that no SQL has, controls other than white space. */
export function isText(bytes: Buffer, start: number, end: number): boolean {
  const last = Math.min(end, start + MAX_LOOKED_AT);
  for (let i = start; i < last; i++) {
    const byte = bytes[i] ?? 0;
    if (byte < 0x20 && (byte < 0x09 || byte > 0x0d)) return false;
  }
  return true;
}

function skipRest(payload: Payload, bytes: Buffer): boolean {
  payload.skip(bytes.length);
  return true;
}
