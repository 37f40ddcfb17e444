// SPDX-License-Identifier: Apache-2.0

/**
 * What answers a command. `result`: OK, an error or rows; `fetched`: rows alone; `status`: OK, EOF or an error; `text`: one
 * packet of words; `stream`: packets without a known end; `none`: nothing.
 */
export type ReplyKind = 'result' | 'fetched' | 'prepared' | 'columns' | 'status' | 'text' | 'auth' | 'stream' | 'none';

export interface Command {
  /** As `SqlRequest.operation` has it. */
  readonly operation: string;
  readonly reply: ReplyKind;
}

/** First byte of a command's packet. */
export const CommandByte = {
  QUIT: 0x01,
  INIT_DB: 0x02,
  QUERY: 0x03,
  CHANGE_USER: 0x11,
  PREPARE: 0x16,
  EXECUTE: 0x17,
  SEND_LONG_DATA: 0x18,
  CLOSE: 0x19,
  RESET: 0x1a,
  FETCH: 0x1c,
  RESET_CONNECTION: 0x1f,
  BULK_EXECUTE: 0xfa,
} as const;

const COMMANDS: Readonly<Record<number, Command>> = {
  [CommandByte.QUIT]: { operation: 'quit', reply: 'none' },
  [CommandByte.INIT_DB]: { operation: 'init-db', reply: 'status' },
  [CommandByte.QUERY]: { operation: 'query', reply: 'result' },
  4: { operation: 'field-list', reply: 'columns' },
  5: { operation: 'create-db', reply: 'status' },
  6: { operation: 'drop-db', reply: 'status' },
  7: { operation: 'refresh', reply: 'status' },
  8: { operation: 'shutdown', reply: 'status' },
  9: { operation: 'statistics', reply: 'text' },
  10: { operation: 'process-info', reply: 'result' },
  12: { operation: 'process-kill', reply: 'status' },
  13: { operation: 'debug', reply: 'status' },
  14: { operation: 'ping', reply: 'status' },
  [CommandByte.CHANGE_USER]: { operation: 'change-user', reply: 'auth' },
  18: { operation: 'binlog-dump', reply: 'stream' },
  19: { operation: 'table-dump', reply: 'stream' },
  21: { operation: 'register-replica', reply: 'status' },
  [CommandByte.PREPARE]: { operation: 'prepare', reply: 'prepared' },
  [CommandByte.EXECUTE]: { operation: 'execute', reply: 'result' },
  [CommandByte.SEND_LONG_DATA]: { operation: 'send-long-data', reply: 'none' },
  [CommandByte.CLOSE]: { operation: 'close', reply: 'none' },
  [CommandByte.RESET]: { operation: 'reset', reply: 'status' },
  27: { operation: 'set-option', reply: 'status' },
  [CommandByte.FETCH]: { operation: 'fetch', reply: 'fetched' },
  30: { operation: 'binlog-dump-gtid', reply: 'stream' },
  [CommandByte.RESET_CONNECTION]: { operation: 'reset-connection', reply: 'status' },
  [CommandByte.BULK_EXECUTE]: { operation: 'bulk-execute', reply: 'result' },
};

/** The login, which has no byte of its own. */
export const CONNECT: Command = { operation: 'connect', reply: 'auth' };

/** Undefined for a byte that begins no command. */
export function commandOf(byte: number | undefined): Command | undefined {
  return byte === undefined ? undefined : COMMANDS[byte];
}
