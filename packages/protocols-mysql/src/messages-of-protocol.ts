// SPDX-License-Identifier: Apache-2.0
import type { SqlError, SqlRequest, SqlResponse, SqlResult, SqlValue } from '@flowtap/core';

/** In place of a value: the column's default, or leave the column as it is (MariaDB). */
export interface ValueIndicator {
  readonly indicator: 'default' | 'ignore';
}

export interface MysqlRequest extends SqlRequest {
  /** Of a `bulk-execute`: the parameters of each row, of the first 1,000 ones. */
  readonly parameterRows?: readonly (readonly (SqlValue | ValueIndicator)[])[];
  /** Query attributes, which have names and no placeholders. */
  readonly attributes?: readonly { readonly name: string; readonly value: SqlValue }[];
}

export interface MysqlResult extends SqlResult {
  /** The first id that the statement generated: an integer of up to 64 bits. */
  readonly insertId?: string;
  readonly warnings?: number;
}

export interface MysqlError extends SqlError {
  /** The server's own number of the error; `code` is its SQLSTATE. */
  readonly errorNumber: number;
}

export interface MysqlResponse extends SqlResponse {
  readonly results: readonly MysqlResult[];
  readonly error?: MysqlError;
}

declare module '@flowtap/core' {
  interface ProtocolMessages {
    mysql: { request: MysqlRequest; response: MysqlResponse };
  }
}
