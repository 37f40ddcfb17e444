// SPDX-License-Identifier: Apache-2.0
import type { Capabilities } from './capabilities.js';
import { Statements } from './statements.js';

/** What later packets of a connection depend on. */
export class Session {
  /** Undefined while the login has not been seen. */
  capabilities: Capabilities | undefined = undefined;
  user: string | undefined = undefined;
  database: string | undefined = undefined;
  /** Whether definitions end with EOF packets; learnt from results where the login was not seen. */
  hasEofPackets: boolean | undefined = undefined;
  readonly statements: Statements;
  readonly maxBodyBytes: number;

  constructor(maxBodyBytes: number) {
    this.maxBodyBytes = maxBodyBytes;
    this.statements = new Statements(maxBodyBytes);
  }

  /** Commands that may have changed it were missed. */
  doubt(): void {
    this.user = undefined;
    this.database = undefined;
    this.statements.doubt();
  }
}
