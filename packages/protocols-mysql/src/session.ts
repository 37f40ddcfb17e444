// SPDX-License-Identifier: Apache-2.0
import type { Capabilities } from './capabilities.js';
import type { OkPacket } from './replies/status-packets.js';
import { Statements } from './statements.js';

/** What later packets of a connection depend on. */
export class Session {
  /** Undefined while the login has not been seen. */
  capabilities: Capabilities | undefined = undefined;
  user: string | undefined = undefined;
  database: string | undefined = undefined;
  /** Whether definitions end with EOF packets; learnt from results where the login was not seen. */
  hasEofPackets: boolean | undefined = undefined;
  /** The server says when the default database changes. */
  tellsDatabase = false;
  readonly statements: Statements;
  readonly maxBodyBytes: number;

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes;
    this.statements = new Statements(maxBodyBytes);
  }

  /** What the server tells of the session with an OK. */
  hear({ database }: OkPacket): void {
    if (database === undefined) return;
    this.database = database;
    this.tellsDatabase = true;
  }

  /** Commands that may have changed it were missed. */
  doubt(): void {
    this.user = undefined;
    this.database = undefined;
    this.statements.doubt();
  }
}
