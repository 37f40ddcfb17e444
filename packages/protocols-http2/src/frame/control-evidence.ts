// SPDX-License-Identifier: Apache-2.0
import { ERROR_CODES, Flag, FrameType, Setting } from '../constants.js';
import type { FrameHeader } from './frame-header.js';
import { uint31, uint32 } from './payload.js';

const LARGEST_UINT31 = 0x7fff_ffff;

/** How much the payload of a control frame speaks for a frame: 0 to 2 points, negative when it breaks a rule. */
export function controlPoints(header: FrameHeader, bytes: Uint8Array, payload: number): number {
  switch (header.type) {
    case FrameType.WINDOW_UPDATE: {
      // RFC 9113 §6.9: an increment of 0 is an error, and the highest bit is reserved.
      const increment = uint32(bytes, payload);
      return increment > 0 && increment <= LARGEST_UINT31 ? 2 : -1;
    }
    case FrameType.RST_STREAM:
      return isErrorCode(uint32(bytes, payload)) ? 2 : -1;
    case FrameType.GOAWAY:
      // RFC 9113 §6.8: the last stream, with a reserved bit, and why.
      return uint32(bytes, payload) <= LARGEST_UINT31 && isErrorCode(uint32(bytes, payload + 4)) ? 2 : -1;
    case FrameType.SETTINGS:
      return settingsPoints(header, bytes, payload);
    case FrameType.PRIORITY:
      // RFC 7540 §5.3.1: a stream cannot depend on itself.
      return uint31(bytes, payload) === header.streamId ? -1 : 2;
    default:
      // PING carries any bytes.
      return 2;
  }
}

function isErrorCode(code: number): boolean {
  return code < ERROR_CODES.length;
}

function settingsPoints(header: FrameHeader, bytes: Uint8Array, payload: number): number {
  // Nine bytes, all but one or two of them zero.
  if (header.length === 0) return header.has(Flag.ACK) ? 1 : 0;
  let areKnown = true;
  for (let at = payload; at < payload + header.length; at += 6) {
    const id = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
    const value = uint32(bytes, at + 2);
    if (!isValid(id, value)) return -1;
    // Others are allowed, and some senders make up numbers (RFC 8701); they prove nothing.
    if (id > Setting.MAX_HEADER_LIST_SIZE) areKnown = false;
  }
  return areKnown ? 2 : 0;
}

/** RFC 9113 §6.5.2 */
function isValid(id: number, value: number): boolean {
  switch (id) {
    case 0:
      return false;
    case Setting.ENABLE_PUSH:
      return value <= 1;
    case Setting.INITIAL_WINDOW_SIZE:
      return value <= LARGEST_UINT31;
    case Setting.MAX_FRAME_SIZE:
      return value >= 16_384 && value <= 16_777_215;
    default:
      return true;
  }
}
