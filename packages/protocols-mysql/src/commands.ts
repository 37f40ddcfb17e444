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
  FIELD_LIST: 0x04,
  CREATE_DB: 0x05,
  DROP_DB: 0x06,
  REFRESH: 0x07,
  SHUTDOWN: 0x08,
  STATISTICS: 0x09,
  PROCESS_INFO: 0x0a,
  PROCESS_KILL: 0x0c,
  DEBUG: 0x0d,
  PING: 0x0e,
  CHANGE_USER: 0x11,
  BINLOG_DUMP: 0x12,
  TABLE_DUMP: 0x13,
  REGISTER_REPLICA: 0x15,
  PREPARE: 0x16,
  EXECUTE: 0x17,
  SEND_LONG_DATA: 0x18,
  CLOSE: 0x19,
  RESET: 0x1a,
  SET_OPTION: 0x1b,
  FETCH: 0x1c,
  BINLOG_DUMP_GTID: 0x1e,
  RESET_CONNECTION: 0x1f,
  BULK_EXECUTE: 0xfa,
} as const;

const COMMANDS: Readonly<Record<number, Command>> = {
  [CommandByte.QUIT]: { operation: 'quit', reply: 'none' },
  [CommandByte.INIT_DB]: { operation: 'init-db', reply: 'status' },
  [CommandByte.QUERY]: { operation: 'query', reply: 'result' },
  [CommandByte.FIELD_LIST]: { operation: 'field-list', reply: 'columns' },
  [CommandByte.CREATE_DB]: { operation: 'create-db', reply: 'status' },
  [CommandByte.DROP_DB]: { operation: 'drop-db', reply: 'status' },
  [CommandByte.REFRESH]: { operation: 'refresh', reply: 'status' },
  [CommandByte.SHUTDOWN]: { operation: 'shutdown', reply: 'status' },
  [CommandByte.STATISTICS]: { operation: 'statistics', reply: 'text' },
  [CommandByte.PROCESS_INFO]: { operation: 'process-info', reply: 'result' },
  [CommandByte.PROCESS_KILL]: { operation: 'process-kill', reply: 'status' },
  [CommandByte.DEBUG]: { operation: 'debug', reply: 'status' },
  [CommandByte.PING]: { operation: 'ping', reply: 'status' },
  [CommandByte.CHANGE_USER]: { operation: 'change-user', reply: 'auth' },
  [CommandByte.BINLOG_DUMP]: { operation: 'binlog-dump', reply: 'stream' },
  [CommandByte.TABLE_DUMP]: { operation: 'table-dump', reply: 'stream' },
  [CommandByte.REGISTER_REPLICA]: { operation: 'register-replica', reply: 'status' },
  [CommandByte.PREPARE]: { operation: 'prepare', reply: 'prepared' },
  [CommandByte.EXECUTE]: { operation: 'execute', reply: 'result' },
  [CommandByte.SEND_LONG_DATA]: { operation: 'send-long-data', reply: 'none' },
  [CommandByte.CLOSE]: { operation: 'close', reply: 'none' },
  [CommandByte.RESET]: { operation: 'reset', reply: 'status' },
  [CommandByte.SET_OPTION]: { operation: 'set-option', reply: 'status' },
  [CommandByte.FETCH]: { operation: 'fetch', reply: 'fetched' },
  [CommandByte.BINLOG_DUMP_GTID]: { operation: 'binlog-dump-gtid', reply: 'stream' },
  [CommandByte.RESET_CONNECTION]: { operation: 'reset-connection', reply: 'status' },
  [CommandByte.BULK_EXECUTE]: { operation: 'bulk-execute', reply: 'result' },
};

/** The login, which has no byte of its own. */
export const CONNECT: Command = { operation: 'connect', reply: 'auth' };

/** Undefined for a byte that begins no command. */
export function commandOf(byte: number | undefined): Command | undefined {
  return byte === undefined ? undefined : COMMANDS[byte];
}
