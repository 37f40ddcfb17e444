// SPDX-License-Identifier: Apache-2.0
import type { ConnectionInfo, Layer, Role } from '../events.js';
import type {
  Handover,
  OpenExchange,
  ParsedExchange,
  ParserContext,
  ParserLimits,
  UpgradedExchange,
} from './protocol-plugin.js';

/** What may change while a parser is at work. */
export interface SessionSurroundings {
  readonly connection: ConnectionInfo;
  readonly joinedLate: boolean;
  readonly wantsUpdates: boolean;
}

/** What stays as it is, and what is called. */
export type SessionFacts = Omit<ParserContext, keyof SessionSurroundings | 'role' | 'tls'>;

/**
 * What a parser sees of its stream. Its properties are the object's own, so that a plugin may pass on `{ ...context, emit }`.
 * Getters that are the same functions in all contexts keep those in one hidden class: a literal with getters makes one of each
 * object, and the engine then looks up whatever a parser reads of it.
 */
export class SessionContext implements ParserContext {
  declare readonly connection: ConnectionInfo;
  declare readonly role: Role;
  declare readonly joinedLate: boolean;
  declare readonly wantsUpdates: boolean;
  readonly layer: Layer;
  readonly tls: boolean;
  readonly limits: ParserLimits;
  readonly upgraded: UpgradedExchange | undefined;
  readonly open: (exchange: ParsedExchange) => OpenExchange | undefined;
  readonly emit: (exchange: ParsedExchange) => void;
  readonly handover: (handover: Handover) => void;
  readonly count: (code: string, by?: number) => void;
  readonly #surroundings: SessionSurroundings;

  static readonly #GETTERS: PropertyDescriptorMap & ThisType<SessionContext> = {
    connection: {
      enumerable: true,
      get() {
        return this.#surroundings.connection;
      },
    },
    role: {
      enumerable: true,
      get() {
        return this.#surroundings.connection.role;
      },
    },
    joinedLate: {
      enumerable: true,
      get() {
        return this.#surroundings.joinedLate;
      },
    },
    wantsUpdates: {
      enumerable: true,
      get() {
        return this.#surroundings.wantsUpdates;
      },
    },
  };

  constructor(surroundings: SessionSurroundings, facts: SessionFacts) {
    this.#surroundings = surroundings;
    this.layer = facts.layer;
    this.tls = facts.layer === 'tls';
    this.limits = facts.limits;
    this.upgraded = facts.upgraded;
    this.open = facts.open;
    this.emit = facts.emit;
    this.handover = facts.handover;
    this.count = facts.count;
    Object.defineProperties(this, SessionContext.#GETTERS);
  }
}
