// SPDX-License-Identifier: Apache-2.0
import { EventLogError } from '../errors.js';
import type { ClockBase } from '../source.js';
import { creator } from '../version.js';

/** The first bytes of an event log. */
export const MAGIC = Buffer.from('FLOWTAPL', 'latin1');
export const FORMAT_VERSION = 1;
/** Magic, version (u32le), length of the header's JSON (u32le). */
export const PREAMBLE_BYTES = MAGIC.length + 8;
/** Length of the meta JSON (u32le), length of the payload (u32le). */
export const FRAME_HEAD_BYTES = 8;

/** What a reader takes; a writer stays far below. A damaged length must not make the reader wait for gigabytes. */
export const MAX_HEADER_BYTES = 64 * 1024;
export const MAX_META_BYTES = 64 * 1024;
export const MAX_PAYLOAD_BYTES = 16 * 1024 * 1024;

export interface EventLogHeader {
  readonly clock: ClockBase;
  readonly redactionKey: Uint8Array;
}

export function encodeHeader({ clock, redactionKey }: EventLogHeader): Buffer {
  const json = Buffer.from(
    JSON.stringify({
      version: FORMAT_VERSION,
      clock: { epochMs: clock.epochMs, monotonicNs: clock.monotonicNs },
      redactionKey: Buffer.from(redactionKey).toString('base64'),
      createdBy: creator(),
      createdAt: new Date().toISOString(),
    }),
  );
  const preamble = Buffer.alloc(PREAMBLE_BYTES);
  MAGIC.copy(preamble);
  preamble.writeUInt32LE(FORMAT_VERSION, MAGIC.length);
  preamble.writeUInt32LE(json.length, MAGIC.length + 4);
  return Buffer.concat([preamble, json]);
}

/**
 * Length of the header's JSON.
 *
 * @param bytes The first `PREAMBLE_BYTES` of the file, or all of it if it is shorter.
 * @throws EventLogError
 */
export function decodePreamble(path: string, bytes: Buffer): number {
  const magic = bytes.subarray(0, MAGIC.length);
  if (!MAGIC.subarray(0, magic.length).equals(magic) || magic.length === 0) {
    throw new EventLogError('EVENT_LOG_NOT_A_LOG', `${path} is not an event log of Flowtap.`);
  }
  if (bytes.length < PREAMBLE_BYTES) throw headerCut(path);
  const version = bytes.readUInt32LE(MAGIC.length);
  if (version !== FORMAT_VERSION) {
    throw new EventLogError('EVENT_LOG_VERSION', `${path} is an event log of format version ${version}.`, {
      hint: `This version of Flowtap reads version ${FORMAT_VERSION}.`,
    });
  }
  const length = bytes.readUInt32LE(MAGIC.length + 4);
  if (length > MAX_HEADER_BYTES) throw headerDamaged(path);
  return length;
}

/** @throws EventLogError */
export function decodeHeader(path: string, json: Buffer): EventLogHeader {
  const header = parseJson(json) as {
    readonly clock?: { readonly epochMs?: unknown; readonly monotonicNs?: unknown };
    readonly redactionKey?: unknown;
  };
  const epochMs = header?.clock?.epochMs;
  const monotonicNs = header?.clock?.monotonicNs;
  const redactionKey = header?.redactionKey;
  if (!isFiniteNumber(epochMs) || !isFiniteNumber(monotonicNs) || typeof redactionKey !== 'string') {
    throw headerDamaged(path);
  }
  return { clock: { epochMs, monotonicNs }, redactionKey: Buffer.from(redactionKey, 'base64') };
}

export function headerCut(path: string): EventLogError {
  return new EventLogError('EVENT_LOG_TRUNCATED', `The event log ${path} ends within its header: it holds no events.`);
}

function headerDamaged(path: string): EventLogError {
  return new EventLogError('EVENT_LOG_DAMAGED', `The header of the event log ${path} is damaged.`);
}

/** Undefined for what is no JSON. */
export function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString('utf8'));
  } catch {
    return undefined;
  }
}

function isFiniteNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
