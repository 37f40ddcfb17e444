// SPDX-License-Identifier: Apache-2.0
/**
 * A value of a statement or a row: text as the server writes it (numbers, dates and so on included, also when the wire has
 * them in binary), bytes of a binary type or of a type that the parser does not know, `null` for SQL's NULL.
 */
export type SqlValue = string | Uint8Array | null;

export interface SqlColumn {
  readonly name: string;
  /** Type as the database names it, such as `int4` or `VARCHAR`. Absent where it is not known. */
  readonly type?: string;
}

/** What a client asked of an SQL database. Shared by the parsers of such databases and by exporters that know SQL. */
export interface SqlRequest {
  readonly kind: 'sql';
  /** What the protocol was asked for, in lower case: `query`, `execute`, `prepare`, `copy-in`, `cancel`, `ping` … */
  readonly operation: string;
  /** Text of the statement, placeholders included. Absent where there is none, or where it was prepared before the capture. */
  readonly sql?: string;
  /** Only the first bytes of the text were kept. */
  readonly sqlTruncated?: true;
  /** Name or number of the prepared statement, where it has one. */
  readonly statement?: string;
  /** In the order of the placeholders. */
  readonly parameters?: readonly SqlValue[];
  /** Of the parameters only the first, or only the first bytes, were kept. */
  readonly parametersTruncated?: true;
  readonly database?: string;
  readonly user?: string;
}

/** One result of a statement: a query of several statements has several. */
export interface SqlResult {
  /** Absent where the statement gives no rows, or where they were described before the capture. */
  readonly columns?: readonly SqlColumn[];
  /** The first rows; each as long as `columns`, where these are known. */
  readonly rows?: readonly (readonly SqlValue[])[];
  /** Rows that passed, kept or not. */
  readonly rowCount: number;
  readonly rowsTruncated?: true;
  /** Rows that a statement changed, as the server says. */
  readonly affectedRows?: number;
  /** What the server says in words: PostgreSQL's command tag, MySQL's info. */
  readonly summary?: string;
  /** The client asked for so many rows only, and may ask for more of them. */
  readonly suspended?: true;
  /** Bytes of the rows of a bulk transfer (COPY), whose contents are not kept. */
  readonly copiedBytes?: number;
}

/** What a server says of a statement: that it failed, or a warning. */
export interface SqlError {
  /** SQLSTATE where there is one. */
  readonly code: string;
  readonly message: string;
  readonly detail?: string;
  readonly hint?: string;
}

export interface SqlResponse {
  readonly kind: 'sql';
  readonly results: readonly SqlResult[];
  /** Only the first results were kept. */
  readonly resultsTruncated?: true;
  /** Warnings and the like, the first ones. */
  readonly notices?: readonly SqlError[];
  /** The server refused: an error of the statement, not of the capture. */
  readonly error?: SqlError;
}

/** The request of an SQL flow, whichever the database is. */
export function isSqlRequest(message: unknown): message is SqlRequest {
  return (message as Partial<SqlRequest> | null | undefined)?.kind === 'sql' && 'operation' in (message as object);
}

/** The response of an SQL flow, whichever the database is. */
export function isSqlResponse(message: unknown): message is SqlResponse {
  return (message as Partial<SqlResponse> | null | undefined)?.kind === 'sql' && 'results' in (message as object);
}
