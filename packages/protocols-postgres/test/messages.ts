// SPDX-License-Identifier: Apache-2.0
// Messages of PostgreSQL's protocol as its documentation describes them (Message Formats).
import type { ParserStep } from '@flowtap/core/testing';

type Step = Exclude<ParserStep, { readonly gapBytes: number }>;

/** Of a client that is observed: it sends by egress. */
export const sent = (...messages: readonly Buffer[]): Step => ({
  direction: 'egress',
  bytes: Buffer.concat(messages),
});
export const received = (...messages: readonly Buffer[]): Step => ({
  direction: 'ingress',
  bytes: Buffer.concat(messages),
});

export const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
export const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};
export const int64 = (value: bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(value);
  return bytes;
};
export const text = (value: string): Buffer => Buffer.from(`${value}\0`);
const counted = (values: readonly Buffer[]) => Buffer.concat([int16(values.length), ...values]);
/** Text, bytes or NULL after its length. */
const value = (content: string | Buffer | null): Buffer => {
  if (content === null) return int32(-1);
  const bytes = Buffer.from(content);
  return Buffer.concat([int32(bytes.length), bytes]);
};

export const message = (type: string, ...fields: readonly Buffer[]): Buffer => {
  const payload = Buffer.concat(fields);
  return Buffer.concat([Buffer.from(type), int32(payload.length + 4), payload]);
};
const untyped = (...fields: readonly Buffer[]): Buffer => {
  const payload = Buffer.concat(fields);
  return Buffer.concat([int32(payload.length + 4), payload]);
};

export const startup = (parameters: Readonly<Record<string, string>>, version = 196_608): Buffer =>
  untyped(
    int32(version),
    ...Object.entries(parameters).flatMap(([name, set]) => [text(name), text(set)]),
    Buffer.alloc(1),
  );
export const sslRequest = untyped(int32(80_877_103));
export const gssRequest = untyped(int32(80_877_104));
export const cancelRequest = (processId: number, key: Buffer = int32(0x5ec7e7)): Buffer =>
  untyped(int32(80_877_102), int32(processId), key);

export const query = (sql: string): Buffer => message('Q', text(sql));
export const parse = (name: string, sql: string, ...oids: readonly number[]): Buffer =>
  message('P', text(name), text(sql), counted(oids.map(int32)));

export interface BindInit {
  readonly portal?: string;
  readonly statement?: string;
  readonly formats?: readonly number[];
  readonly values?: readonly (string | Buffer | null)[];
  readonly resultFormats?: readonly number[];
}
export const bind = ({ portal = '', statement = '', formats = [], values = [], resultFormats = [] }: BindInit = {}) =>
  message(
    'B',
    text(portal),
    text(statement),
    counted(formats.map(int16)),
    counted(values.map(value)),
    counted(resultFormats.map(int16)),
  );
export const describeStatement = (name = ''): Buffer => message('D', Buffer.from('S'), text(name));
export const describePortal = (name = ''): Buffer => message('D', Buffer.from('P'), text(name));
export const execute = (portal = '', maxRows = 0): Buffer => message('E', text(portal), int32(maxRows));
export const closeStatement = (name: string): Buffer => message('C', Buffer.from('S'), text(name));
export const sync = message('S');
export const flush = message('H');
export const terminate = message('X');
export const password = (secret: string): Buffer => message('p', text(secret));
export const copyData = (content: string): Buffer => message('d', Buffer.from(content));
export const copyDone = message('c');
export const copyFail = (why: string): Buffer => message('f', text(why));

export const authentication = (code: number, ...rest: readonly Buffer[]): Buffer => message('R', int32(code), ...rest);
export const parameterStatus = (name: string, set: string): Buffer => message('S', text(name), text(set));
export const backendKey = message('K', int32(4711), int32(0x5ec7e7));
export const ready = (state = 'I'): Buffer => message('Z', Buffer.from(state));
export const parseComplete = message('1');
export const bindComplete = message('2');
export const closeComplete = message('3');
export const noData = message('n');
export const suspended = message('s');
export const emptyQuery = message('I');
export const parameterDescription = (...oids: readonly number[]): Buffer => message('t', counted(oids.map(int32)));

export interface ColumnInit {
  readonly name: string;
  readonly oid: number;
  readonly format?: number;
}
export const rowDescription = (...columns: readonly ColumnInit[]): Buffer =>
  message(
    'T',
    counted(
      columns.map(({ name, oid, format = 0 }) =>
        Buffer.concat([text(name), int32(0), int16(0), int32(oid), int16(-1), int32(-1), int16(format)]),
      ),
    ),
  );
export const dataRow = (...values: readonly (string | Buffer | null)[]): Buffer =>
  message('D', counted(values.map(value)));
export const complete = (tag: string): Buffer => message('C', text(tag));
const fields = (type: string, init: Readonly<Record<string, string>>): Buffer =>
  message(
    type,
    ...Object.entries(init).map(([name, set]) => Buffer.concat([Buffer.from(name), text(set)])),
    Buffer.alloc(1),
  );
export const errorResponse = (code: string, content: string, more: Readonly<Record<string, string>> = {}): Buffer =>
  fields('E', { S: 'ERROR', V: 'ERROR', C: code, M: content, ...more });
export const notice = (code: string, content: string): Buffer => fields('N', { S: 'NOTICE', C: code, M: content });
export const notification = (channel: string, payload: string): Buffer =>
  message('A', int32(4711), text(channel), text(payload));
export const copyIn = (columns: number): Buffer =>
  message('G', Buffer.alloc(1), counted(new Array(columns).fill(int16(0))));
export const copyOut = (columns: number): Buffer =>
  message('H', Buffer.alloc(1), counted(new Array(columns).fill(int16(0))));

/** How a session begins, without a password. */
export const login: readonly Step[] = [
  sent(startup({ user: 'ann', database: 'shop', application_name: 'test' })),
  received(authentication(0), parameterStatus('server_version', '15.18'), backendKey, ready()),
];

/** A column of a result. */
export const ONE: ColumnInit = { name: 'n', oid: 23 };
/** The smallest statement, its answer, and the line that `outline` makes of them. */
export const ASK = sent(query('SELECT 1'));
export const ANSWER: readonly Buffer[] = [rowDescription(ONE), dataRow('1'), complete('SELECT 1'), ready()];
export const ONE_FLOW = 'query SELECT 1 → n:int4 [1] SELECT 1';
