// SPDX-License-Identifier: Apache-2.0
import { MAX_CONTROL_BYTES, Opcode } from './constants.js';

/** Two bytes, a length of up to eight, a mask of four (RFC 6455 §5.2). */
export const MAX_HEADER_BYTES = 14;

/** The head of a frame (RFC 6455 §5.2). */
export interface FrameHeader {
  readonly isFinal: boolean;
  /** First bit for extensions: the message is compressed (RFC 7692 §6). */
  readonly rsv1: boolean;
  /** The other bits for extensions; nothing uses them. */
  readonly hasOtherRsv: boolean;
  readonly opcode: number;
  /** Four bytes as one number, the first one lowest. Undefined when the frame is not masked. */
  readonly mask: number | undefined;
  /** Bytes of the payload. */
  readonly length: number;
  /** Bytes of the head itself. */
  readonly headerBytes: number;
  /** The length could have been written with fewer bytes. */
  readonly isWasteful: boolean;
}

/** Undefined when the bytes end before the head does. */
export function parseFrameHeader(bytes: Buffer, start: number, end: number): FrameHeader | undefined {
  if (end - start < 2) return undefined;
  const first = bytes[start] ?? 0;
  const second = bytes[start + 1] ?? 0;
  const short = second & 0x7f;
  const lengthBytes = short === 127 ? 8 : short === 126 ? 2 : 0;
  const isMasked = (second & 0x80) !== 0;
  const headerBytes = 2 + lengthBytes + (isMasked ? 4 : 0);
  if (end - start < headerBytes) return undefined;
  const length = readLength(bytes, start + 2, short);
  return {
    isFinal: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    hasOtherRsv: (first & 0x30) !== 0,
    opcode: first & 0x0f,
    mask: isMasked ? bytes.readInt32LE(start + headerBytes - 4) : undefined,
    length,
    headerBytes,
    isWasteful: lengthBytes > 0 && length <= (lengthBytes === 8 ? 0xffff : 125),
  };
}

function readLength(bytes: Buffer, at: number, short: number): number {
  if (short === 126) return bytes.readUInt16BE(at);
  if (short === 127) return bytes.readUInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  return short;
}

export function isControl(opcode: number): boolean {
  return opcode >= Opcode.CLOSE;
}

/** Whether RFC 6455 allows such a frame at all. RSV1 is for whoever knows the extensions. */
export function isLawful({ isFinal, rsv1, hasOtherRsv, opcode, length }: FrameHeader): boolean {
  if (hasOtherRsv || !Number.isSafeInteger(length)) return false;
  if (isControl(opcode)) return opcode <= Opcode.PONG && isFinal && !rsv1 && length <= MAX_CONTROL_BYTES;
  // RFC 7692 §6: the bit is set on the first frame of a message.
  return opcode <= Opcode.BINARY && !(rsv1 && opcode === Opcode.CONTINUATION);
}

/** Whether two bytes can begin a lawful frame; what of them is there. */
export function mayBeginFrame(bytes: Buffer, start: number, end: number): boolean {
  if (start >= end) return true;
  const [first = 0, second = 0] = [bytes[start], start + 1 < end ? bytes[start + 1] : 0];
  return isLawful({
    isFinal: (first & 0x80) !== 0,
    rsv1: (first & 0x40) !== 0,
    hasOtherRsv: (first & 0x30) !== 0,
    opcode: first & 0x0f,
    length: second & 0x7f,
    mask: undefined,
    headerBytes: 2,
    isWasteful: false,
  });
}
