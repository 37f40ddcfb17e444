// SPDX-License-Identifier: Apache-2.0

import type { ParserContext } from '../parsing/protocol-plugin.js';
import { DEFAULT_LIMITS } from '../tap/limits.js';

/** A parser's surroundings: a plain TCP connection of an unknown role, seen from its start, whose output goes nowhere. */
export function parserContext(given: Partial<ParserContext> = {}): ParserContext {
  const { connection, layer = 'raw' } = given;
  const role = given.role ?? connection?.role ?? 'unknown';
  const joinedLate = given.joinedLate ?? connection?.joinedLate ?? false;
  return {
    connection: { id: 1, role, transport: 'tcp', joinedLate },
    layer,
    tls: layer === 'tls',
    role,
    joinedLate,
    limits: DEFAULT_LIMITS,
    wantsUpdates: false,
    open: () => undefined,
    emit: () => {},
    handover: () => {},
    count: () => {},
    ...given,
  };
}
