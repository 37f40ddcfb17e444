// SPDX-License-Identifier: Apache-2.0
import { agreed, Capability, has, type OwnCapabilities } from './capabilities.js';
import { databaseAfter, namesDatabase } from './default-database.js';
import type { Exchange } from './exchange.js';
import type { Login } from './login.js';
import type { Session } from './session.js';

/** What a login tells. `server`: what the greeting said. */
export function applyLogin(session: Session, login: Login, server: OwnCapabilities | undefined): void {
  session.capabilities = agreed(login.capabilities, server);
  const isDeprecated = has(session.capabilities, Capability.DEPRECATE_EOF);
  session.hasEofPackets = isDeprecated === undefined ? undefined : !isDeprecated;
  session.user = login.user;
  session.database = login.database;
}

/** The server said OK to a command. */
export function applyAgreement(session: Session, { command, request }: Exchange): void {
  switch (command?.operation) {
    case 'change-user':
      session.statements.clear();
      session.user = request?.user;
      session.database = request?.database;
      break;
    case 'init-db':
      session.database = request?.database;
      break;
    case 'reset-connection':
      session.statements.clear();
      break;
  }
}

/** Statements were answered. */
export function applyStatements(session: Session, { command, request, results }: Exchange): void {
  if (command?.operation !== 'query' || request?.sql === undefined || session.tellsDatabase) return;
  session.database = databaseAfter(request.sql, results, session.database);
}

/** Whether the session depends on how the server answered. */
export function mayChangeSession({ command, request }: Exchange): boolean {
  const operation = command?.operation ?? '';
  if (operation === 'query') return request?.sql === undefined || namesDatabase(request.sql);
  return operation === 'init-db' || operation === 'change-user';
}
