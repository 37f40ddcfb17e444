// SPDX-License-Identifier: Apache-2.0
import { assertNever, type CloseReason } from '@flowtap/core';
import { Capability, type OwnCapabilities } from './capabilities.js';
import { CONNECT, type Command, CommandByte, commandOf } from './commands.js';
import { MAX_PACKET_BYTES } from './constants.js';
import { Exchange } from './exchange.js';
import { readGreeting } from './greeting.js';
import { readLogin } from './login.js';
import type { Loss, Message } from './packets/message.js';
import { PendingExchanges } from './pending-exchanges.js';
import { createReplyReader } from './replies/create-reply-reader.js';
import type { Progress } from './replies/reply-reader.js';
import { isEof, isError, readError } from './replies/status-packets.js';
import { isAboutLastPrepared, readRequest } from './request-reader.js';
import type { Session } from './session.js';
import { applyAgreement, applyLogin, applyStatements } from './session-changes.js';

/** What a conversation needs of the connection that carries it. */
export interface Wire {
  /** It is not known where the server's messages begin. */
  isServerLost(): boolean;
  /** The server's next byte begins a message. */
  resumeServer(sequence: number): void;
  /** What both send from now on is compressed. */
  startCompression(): void;
  announce(exchange: Exchange): void;
  emit(exchange: Exchange): void;
  count(code: string, by?: number): void;
}

/**
 *     greeting ──▶ login ──▶ authentication ──▶ commands, with authentication anew at a change of user
 */
export type Phase = 'greeting' | 'login' | 'authentication' | 'commands';

/** What client and server say to each other, message by message. */
export class Conversation {
  readonly #wire: Wire;
  readonly #session: Session;
  readonly #pending: PendingExchanges;
  #phase: Phase;
  /** Undefined while the greeting has not been seen. */
  #server: OwnCapabilities | undefined;
  /** The client sends a file: its packets are no commands. */
  #isUploading = false;
  /** A command may have been missed since the last one. */
  #commandsLost = false;
  /** Within the command that is under way. */
  #requestLoss: Loss | undefined;

  constructor(wire: Wire, session: Session, phase: Phase, maxPending: number) {
    this.#wire = wire;
    this.#session = session;
    this.#phase = phase;
    this.#pending = new PendingExchanges({ maxPending, session, emit: (exchange) => this.#emit(exchange) });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Of a message of the server; undefined: all of them. */
  get wantedBytes(): number | undefined {
    return this.#pending.head?.reply?.wantedBytes;
  }

  client(message: Message): void {
    switch (this.#phase) {
      case 'greeting':
      case 'login':
        if (message.sequence > 0) this.#login(message);
        else this.#skipLogin(message);
        return;
      case 'authentication':
        // A command: the end of the authentication was missed. Everything else is a secret.
        if (message.sequence !== 0) return;
        this.#endAuthentication();
        this.#command(message);
        return;
      case 'commands':
        if (this.#isUploading) this.#isUploading = message.size > 0;
        else if (message.sequence === 0) this.#command(message);
        else if (this.#session.capabilities === undefined && this.#pending.head === undefined) this.#login(message);
        else this.#wire.count('unexpected-packet');
        return;
      default:
        assertNever(this.#phase);
    }
  }

  server(message: Message): void {
    const { head } = this.#pending;
    const mayBegin = head === undefined || (!head.hasReply && head.command?.reply === 'result');
    if (mayBegin && isEof(message) && this.#session.hasEofPackets === undefined) {
      // No reply begins like this: it is of definitions that nobody could know to have an end.
      this.#session.hasEofPackets = true;
    } else if (head !== undefined) {
      this.#reply(head, message);
    } else if (this.#phase === 'greeting' || this.#phase === 'login') {
      this.#greeting(message);
    } else if (this.#commandsLost) {
      this.#commandsLost = false;
      const orphan = new Exchange(undefined, message.startNs, this.#session.maxBodyBytes);
      orphan.fault = 'request-not-captured';
      this.#pending.add(orphan);
      this.#reply(orphan, message);
    } else {
      this.#wire.count('reply-without-command');
    }
  }

  /** Bytes within a message of the client are missing; it will come, cut. */
  clientMissing(loss: Loss): void {
    if (this.#isUploading) this.#pending.head?.miss(loss);
    else this.#requestLoss = loss;
    this.#session.statements.doubt();
  }

  clientLost(loss: Loss): void {
    this.#session.doubt();
    this.#commandsLost = true;
    this.#isUploading = false;
    this.#pending.loseCommands(loss);
  }

  /** Bytes within a message of the server are missing; it will come, cut. */
  serverMissing(loss: Loss): void {
    this.#pending.head?.miss(loss);
  }

  serverLost(loss: Loss): void {
    if (this.#pending.loseReplies(loss)) this.#wire.resumeServer(1);
  }

  close(reason: CloseReason): void {
    this.#pending.close(reason);
  }

  #greeting(message: Message): void {
    if (isError(message)) {
      const refused = this.#create(CONNECT, message);
      refused.results.error = readError(message);
      this.#finish(refused);
      return;
    }
    const greeting = readGreeting(message);
    if (greeting === undefined) {
      this.#wire.count('unexpected-packet');
      return;
    }
    this.#server = greeting;
    this.#phase = 'login';
  }

  #login(message: Message): void {
    const login = readLogin(message);
    if (login === undefined) {
      this.#wire.count('unexpected-packet');
      return;
    }
    // The login proper follows, under TLS.
    if (login.asksForTls) return;
    applyLogin(this.#session, login, this.#server);
    if (this.#wire.isServerLost()) this.#wire.resumeServer(message.sequence + 1);
    this.#phase = 'authentication';
    this.#enqueue(this.#create(CONNECT, message));
  }

  /** A command: the login was missed. */
  #skipLogin(message: Message): void {
    this.#phase = 'commands';
    this.#command(message);
  }

  #command(message: Message): void {
    const command = commandOf(message.payload[0]);
    const loss = this.#requestLoss;
    this.#requestLoss = undefined;
    if (this.#pending.settle()) this.#isUploading = false;
    if (this.#wire.isServerLost() && this.#pending.head === undefined) {
      this.#wire.resumeServer(1 + Math.floor(message.size / MAX_PACKET_BYTES));
    }
    this.#commandsLost = command === undefined;
    if (command === undefined) {
      this.#wire.count('unknown-command');
      return;
    }
    if (message.payload[0] === CommandByte.SEND_LONG_DATA) {
      this.#longData(message);
      return;
    }
    const exchange = this.#create(command, message);
    if (loss !== undefined) exchange.miss(loss);
    // The statement that it is about may have no number yet.
    const mustWait = isAboutLastPrepared(message) && this.#pending.hasPreparation;
    if (mustWait) exchange.deferred = { ...message, payload: Buffer.from(message.payload) };
    else this.#read(exchange, command, message);
    if (command.reply === 'none') {
      const id = message.payload[0] === CommandByte.CLOSE ? exchange.request?.statement : undefined;
      if (id !== undefined) this.#session.statements.delete(Number(id));
      this.#finish(exchange);
      return;
    }
    if (command.reply === 'auth') this.#phase = 'authentication';
    this.#enqueue(exchange);
  }

  /** A piece of a parameter: it is shown with the execution. */
  #longData({ payload, size }: Message): void {
    if (payload.length < 7) return;
    const statement = this.#session.statements.get(payload.readUInt32LE(1));
    const isKept = statement?.append(payload.readUInt16LE(5), payload.subarray(7), size - 7) ?? true;
    if (!isKept) this.#wire.count('parameter-not-kept');
  }

  #create(command: Command, { startNs, endNs }: Message): Exchange {
    const exchange = new Exchange(command, startNs, this.#session.maxBodyBytes);
    const { user, database } = this.#session;
    const known = { ...(database === undefined ? {} : { database }), ...(user === undefined ? {} : { user }) };
    exchange.request = { kind: 'sql', operation: command.operation, ...known };
    exchange.endNs = endNs;
    return exchange;
  }

  #read(exchange: Exchange, command: Command, message: Message): void {
    const { request, statement } = readRequest(message, command, this.#session);
    exchange.request = request;
    exchange.statement = statement;
  }

  #enqueue(exchange: Exchange): void {
    this.#wire.announce(exchange);
    this.#pending.add(exchange);
  }

  #reply(head: Exchange, message: Message): void {
    this.#pending.reply(head, message.endNs);
    if (head.fault !== undefined) return;
    if (head.deferred !== undefined && head.command !== undefined) this.#read(head, head.command, head.deferred);
    head.deferred = undefined;
    head.reply ??= createReplyReader(head, this.#session, () => this.#agreed(head));
    const progress: Progress = head.reply?.message(message) ?? 'malformed';
    if (progress === 'upload') this.#isUploading = true;
    else if (progress === 'malformed') this.#pending.break(head, head.hasGaps ? 'gap-in-response' : 'malformed-packet');
    else if (progress === 'done') {
      this.#pending.answered();
      this.#finish(head);
    }
  }

  #agreed(exchange: Exchange): void {
    if (exchange.command === CONNECT) this.#endAuthentication();
    else applyAgreement(this.#session, exchange);
  }

  #endAuthentication(): void {
    this.#phase = 'commands';
    const flags = this.#session.capabilities?.flags ?? 0;
    if ((flags & (Capability.COMPRESS | Capability.ZSTD_COMPRESS)) !== 0) this.#wire.startCompression();
  }

  #finish(exchange: Exchange): void {
    exchange.isAnswered = true;
    if (exchange.command?.reply === 'auth') this.#phase = 'commands';
    applyStatements(this.#session, exchange);
    this.#emit(exchange);
  }

  #emit(exchange: Exchange): void {
    if (exchange.results.dropped > 0) this.#wire.count('result-not-kept', exchange.results.dropped);
    this.#wire.emit(exchange);
  }
}
