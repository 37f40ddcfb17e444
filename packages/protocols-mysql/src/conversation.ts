// SPDX-License-Identifier: Apache-2.0
import { assertNever, type CloseReason, faultOfClose } from '@flowtap/core';
import { agreed, Capability, has, type OwnCapabilities } from './capabilities.js';
import { CONNECT, type Command, CommandByte, commandOf } from './commands.js';
import { type FaultCode, MAX_PACKET_BYTES } from './constants.js';
import { databaseAfter, namesDatabase } from './default-database.js';
import { Exchange } from './exchange.js';
import { readGreeting } from './greeting.js';
import { type Login, readLogin } from './login.js';
import type { Loss, Message } from './packets/message.js';
import { createReplyReader } from './replies/create-reply-reader.js';
import type { Progress } from './replies/reply-reader.js';
import { isEof, isError, readError } from './replies/status-packets.js';
import { isAboutLastPrepared, readRequest } from './request-reader.js';
import type { Session } from './session.js';

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

/** Which command is answered by which message. Commands wait in a queue: a client need not wait for the answer. */
export class Conversation {
  readonly #wire: Wire;
  readonly #session: Session;
  readonly #maxPending: number;
  #phase: Phase;
  /** Undefined while the greeting has not been seen. */
  #server: OwnCapabilities | undefined;
  readonly #pending: Exchange[] = [];
  /** The client sends a file: its packets are no commands. */
  #isUploading = false;
  /** Commands were sent before earlier ones were answered. */
  #pipelines = false;
  /** A command may have been missed since the last one. */
  #commandsLost = false;
  /** Within the command that is under way. */
  #requestLoss: Loss | undefined;

  constructor(wire: Wire, session: Session, phase: Phase, maxPending: number) {
    this.#wire = wire;
    this.#session = session;
    this.#phase = phase;
    this.#maxPending = maxPending;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Of a message of the server; undefined: all of them. */
  get wantedBytes(): number | undefined {
    return this.#pending[0]?.reply?.wantedBytes;
  }

  client(message: Message): void {
    switch (this.#phase) {
      case 'greeting':
      case 'login':
        this.#login(message);
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
        else if (this.#session.capabilities === undefined && this.#pending.length === 0) this.#login(message);
        else this.#wire.count('unexpected-packet');
        return;
      default:
        assertNever(this.#phase);
    }
  }

  server(message: Message): void {
    const [head] = this.#pending;
    if (head !== undefined) {
      this.#reply(head, message);
    } else if (this.#phase === 'greeting' || this.#phase === 'login') {
      this.#greeting(message);
    } else if (isEof(message) && this.#session.hasEofPackets === undefined) {
      // Of definitions that nobody could know to have an end.
      this.#session.hasEofPackets = true;
    } else if (this.#commandsLost) {
      this.#commandsLost = false;
      const orphan = this.#create(undefined, message.startNs);
      orphan.fault = 'request-not-captured';
      this.#pending.push(orphan);
      this.#reply(orphan, message);
    } else {
      this.#wire.count('reply-without-command');
    }
  }

  /** Bytes within a message of the client are missing; it will come, cut. */
  clientMissing(loss: Loss): void {
    if (this.#isUploading) this.#pending[0]?.miss(loss);
    else this.#requestLoss = loss;
    this.#session.statements.doubt();
  }

  clientLost(loss: Loss): void {
    this.#session.doubt();
    this.#commandsLost = true;
    this.#isUploading = false;
    this.#pending.at(-1)?.miss(loss);
  }

  /** Bytes within a message of the server are missing; it will come, cut. */
  serverMissing(loss: Loss): void {
    this.#pending[0]?.miss(loss);
  }

  serverLost(loss: Loss): void {
    const [head] = this.#pending;
    if (head === undefined) return;
    head.miss(loss);
    this.#break(head, loss === 'malformed' ? 'malformed-packet' : gapFault(head));
    // A client that always waits for the answer has got those to all but its last command: what follows answers that.
    if (this.#pending.length < 2 || this.#pipelines) return;
    const last = this.#pending.pop();
    this.#releaseAll('response-not-captured');
    if (last === undefined) return;
    this.#pending.push(last);
    this.#wire.resumeServer(1);
  }

  close(reason: CloseReason): void {
    for (const exchange of this.#pending) {
      const fault = faultOfClose(reason);
      exchange.fault ??= exchange.hasReply && reason === 'closed' ? 'connection-closed' : fault;
      this.#emit(exchange);
    }
    this.#pending.length = 0;
  }

  #greeting(message: Message): void {
    if (isError(message)) {
      const refused = this.#create(CONNECT, message.startNs);
      refused.results.error = readError(message);
      this.#finish(refused, message.endNs);
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
    const login = message.sequence === 0 ? undefined : readLogin(message);
    if (login === undefined) {
      this.#wire.count('unexpected-packet');
      return;
    }
    // The login proper follows, under TLS.
    if (login.asksForTls) return;
    this.#learn(login);
    if (this.#wire.isServerLost()) this.#wire.resumeServer(message.sequence + 1);
    const exchange = this.#create(CONNECT, message.startNs);
    exchange.endNs = message.endNs;
    this.#phase = 'authentication';
    this.#enqueue(exchange);
  }

  #learn({ capabilities, user, database }: Login): void {
    const session = this.#session;
    session.capabilities = agreed(capabilities, this.#server);
    const isDeprecated = has(session.capabilities, Capability.DEPRECATE_EOF);
    session.hasEofPackets = isDeprecated === undefined ? undefined : !isDeprecated;
    session.user = user;
    session.database = database;
  }

  #command(message: Message): void {
    const command = commandOf(message.payload[0]);
    this.#settleBroken();
    if (this.#wire.isServerLost() && this.#pending.length === 0) {
      this.#wire.resumeServer(1 + Math.floor(message.size / MAX_PACKET_BYTES));
    }
    this.#commandsLost = false;
    if (command === undefined) {
      this.#wire.count('unknown-command');
      this.#commandsLost = true;
      return;
    }
    if (message.payload[0] === CommandByte.SEND_LONG_DATA) {
      this.#longData(message);
      return;
    }
    const exchange = this.#create(command, message.startNs);
    exchange.endNs = message.endNs;
    if (this.#requestLoss !== undefined) exchange.miss(this.#requestLoss);
    this.#requestLoss = undefined;
    if (this.#mustWait(message)) exchange.deferred = { ...message, payload: Buffer.from(message.payload) };
    else this.#read(exchange, message);
    if (command.reply === 'none') {
      if (message.payload[0] === CommandByte.CLOSE)
        this.#session.statements.delete(Number(exchange.request?.statement));
      this.#finish(exchange, message.endNs);
      return;
    }
    if (command.reply === 'auth') this.#phase = 'authentication';
    if (this.#pending.length >= this.#maxPending) {
      const oldest = this.#pending.shift();
      if (oldest !== undefined) {
        oldest.fault = 'too-many-pending';
        this.#emit(oldest);
      }
      for (const each of this.#pending) this.#break(each, 'response-not-captured');
    }
    this.#enqueue(exchange);
  }

  /** A piece of a parameter: it is shown with the execution. */
  #longData({ payload, size }: Message): void {
    if (payload.length < 7) return;
    const statement = this.#session.statements.get(payload.readUInt32LE(1));
    const isKept = statement?.append(payload.readUInt16LE(5), payload.subarray(7), size - 7) ?? true;
    if (!isKept) this.#wire.count('parameter-not-kept');
  }

  #create(command: Command | undefined, startNs: number): Exchange {
    const exchange = new Exchange(command, startNs, this.#session.maxBodyBytes);
    if (command === undefined) return exchange;
    const { user, database } = this.#session;
    const known = { ...(database === undefined ? {} : { database }), ...(user === undefined ? {} : { user }) };
    exchange.request = { kind: 'sql', operation: command.operation, ...known };
    return exchange;
  }

  #read(exchange: Exchange, message: Message): void {
    if (exchange.command === undefined) return;
    const { request, statement } = readRequest(message, exchange.command, this.#session);
    exchange.request = request;
    exchange.statement = statement;
  }

  /** It is about a statement whose number the server has not told yet. */
  #mustWait(message: Message): boolean {
    return isAboutLastPrepared(message) && this.#pending.some(({ command }) => command?.reply === 'prepared');
  }

  #enqueue(exchange: Exchange): void {
    this.#wire.announce(exchange);
    this.#pending.push(exchange);
  }

  #reply(head: Exchange, message: Message): void {
    if (!head.hasReply && this.#pending.length > 1) this.#pipelines = true;
    head.hasReply = true;
    head.endNs = Math.max(head.endNs, message.endNs);
    if (head.fault !== undefined) return;
    if (head.deferred !== undefined) this.#read(head, head.deferred);
    head.deferred = undefined;
    head.reply ??= createReplyReader(head, this.#session, () => this.#agreed(head));
    const progress: Progress = head.reply?.message(message) ?? 'malformed';
    if (progress === 'upload') this.#isUploading = true;
    else if (progress === 'malformed') this.#break(head, head.hasGaps ? 'gap-in-response' : 'malformed-packet');
    else if (progress === 'done') {
      this.#pending.shift();
      this.#finish(head, message.endNs);
    }
  }

  /** The server agreed to a command that changes the session. */
  #agreed({ command, request }: Exchange): void {
    const session = this.#session;
    switch (command?.operation) {
      case 'connect':
        this.#endAuthentication();
        break;
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

  #endAuthentication(): void {
    this.#phase = 'commands';
    const flags = this.#session.capabilities?.flags ?? 0;
    if ((flags & (Capability.COMPRESS | Capability.ZSTD_COMPRESS)) !== 0) this.#wire.startCompression();
  }

  #finish(exchange: Exchange, endNs: number): void {
    exchange.isAnswered = true;
    exchange.endNs = Math.max(exchange.endNs, endNs);
    if (exchange.command?.reply === 'auth') this.#phase = 'commands';
    const sql = exchange.command?.operation === 'query' ? exchange.request?.sql : undefined;
    if (sql !== undefined) this.#session.database = databaseAfter(sql, exchange.results, this.#session.database);
    this.#emit(exchange);
  }

  /** What comes for it cannot be understood any more. */
  #break(exchange: Exchange, fault: FaultCode): void {
    if (exchange.fault === undefined && mayChangeSession(exchange)) this.#session.doubt();
    exchange.fault ??= fault;
    exchange.reply = undefined;
  }

  /** The client goes on: it has got the answers that could not be understood. */
  #settleBroken(): void {
    if (this.#pending[0]?.fault === undefined) return;
    this.#isUploading = false;
    this.#releaseAll('response-not-captured');
  }

  #releaseAll(fault: FaultCode): void {
    for (const exchange of this.#pending.splice(0)) {
      exchange.fault ??= fault;
      this.#emit(exchange);
    }
  }

  #emit(exchange: Exchange): void {
    if (exchange.results.dropped > 0) this.#wire.count('result-not-kept', exchange.results.dropped);
    this.#wire.emit(exchange);
  }
}

/** Whether the session depends on how the server answered. */
function mayChangeSession({ command, request }: Exchange): boolean {
  const operation = command?.operation ?? '';
  if (operation === 'query') return request?.sql === undefined || namesDatabase(request.sql);
  return operation === 'init-db' || operation === 'change-user';
}

/** What the loss of a part of the reply means. */
function gapFault({ hasReply }: Exchange): FaultCode {
  return hasReply ? 'gap-in-response' : 'response-not-captured';
}
