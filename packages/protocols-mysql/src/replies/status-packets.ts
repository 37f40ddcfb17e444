// SPDX-License-Identifier: Apache-2.0
import { type Capabilities, Capability, has } from '../capabilities.js';
import { ServerStatus } from '../constants.js';
import type { MysqlError } from '../messages-of-protocol.js';
import type { Message } from '../packets/message.js';
import { PayloadReader } from '../packets/payload-reader.js';
import { cutText, shownText } from '../values/text.js';

/** First bytes of what answers a command, where it is no row and no column. */
export const Header = { OK: 0x00, LOCAL_INFILE: 0xfb, EOF: 0xfe, ERROR: 0xff } as const;

/** The shortest OK packet: header, two numbers, status, warnings. */
const MIN_OK_BYTES = 7;
const EOF_BYTES = 5;
const MAX_OK_BYTES = 0xff_ff_fe;

/** Of the words that come with an OK. */
const MAX_INFO_BYTES = 1024;

/** A progress report of MariaDB has this in place of an error's number. */
const PROGRESS = 0xffff;

/** Kind of a session state change that names the database. */
const TRACK_SCHEMA = 1;

export interface OkPacket {
  readonly affectedRows: number;
  readonly insertId: bigint;
  readonly status: number;
  readonly warnings: number;
  readonly info: string;
  /** The database that is the default from now on, where the packet names it. */
  readonly database?: string;
}

export function isError({ payload }: Message): boolean {
  return payload[0] === Header.ERROR && payload.length >= 3;
}

/** MariaDB's word that the command is still under way. */
export function isProgress(message: Message): boolean {
  return isError(message) && message.payload.readUInt16LE(1) === PROGRESS;
}

export function isOk({ payload, size }: Message): boolean {
  return payload[0] === Header.OK && size >= MIN_OK_BYTES;
}

export function isEof({ payload, size }: Message): boolean {
  return payload[0] === Header.EOF && size === EOF_BYTES;
}

/** An OK packet that ends rows, in place of an EOF packet. */
export function isOkAfterRows({ payload, size }: Message): boolean {
  return payload[0] === Header.EOF && size >= MIN_OK_BYTES && size <= MAX_OK_BYTES;
}

/** Status and warnings of an EOF packet. */
export function readEof({ payload }: Message): Pick<OkPacket, 'status' | 'warnings'> {
  const reader = new PayloadReader(payload, 1);
  const warnings = reader.uint(2);
  return { warnings, status: reader.uint(2) };
}

/** Undefined where the bytes are no OK packet. */
export function readOk({ payload }: Message, capabilities: Capabilities | undefined): OkPacket | undefined {
  const reader = new PayloadReader(payload, 1);
  const affectedRows = reader.count();
  const insertId = reader.lengthEncoded();
  const status = reader.uint(2);
  const warnings = reader.uint(2);
  if (reader.failed) return undefined;
  const ok = { affectedRows, insertId, status, warnings };
  const hasChanges = (status & ServerStatus.SESSION_STATE_CHANGED) !== 0;
  const isTracked = has(capabilities, Capability.SESSION_TRACK) ?? (hasChanges || isOneString(reader));
  if (!isTracked) return { ...ok, info: infoText(reader.rest()) };
  const info = reader.left > 0 ? infoText(reader.string()) : '';
  const database = hasChanges && reader.left > 0 ? trackedSchema(reader.string()) : undefined;
  return { ...ok, info, ...(database === undefined ? {} : { database }) };
}

/** A response may have many of them. */
function infoText(bytes: Buffer): string {
  return shownText(cutText(bytes, MAX_INFO_BYTES));
}

/** Whether what is left is exactly one length-encoded string, or nothing. */
function isOneString(reader: PayloadReader): boolean {
  const length = reader.peek();
  return length === undefined || length === reader.left - 1;
}

function trackedSchema(changes: Buffer): string | undefined {
  const reader = new PayloadReader(changes);
  while (reader.left > 0 && !reader.failed) {
    const kind = reader.uint(1);
    const change = reader.string();
    if (kind === TRACK_SCHEMA && !reader.failed) return shownText(new PayloadReader(change).string());
  }
  return undefined;
}

/** Before a login the error has no SQLSTATE: then its number stands for it. */
export function readError({ payload }: Message): MysqlError {
  const reader = new PayloadReader(payload, 1);
  const errorNumber = reader.uint(2);
  const hasState = reader.peek() === 0x23 && reader.left >= 6;
  if (hasState) reader.skip(1);
  const code = hasState ? reader.slice(5).toString('latin1') : String(errorNumber);
  return { code, message: shownText(reader.rest()), errorNumber };
}
