// SPDX-License-Identifier: Apache-2.0
import { type Direction, type FlowGap, type ParserContext, withGap } from '@flowtap/core';
import { readBind, readNamed, readParse, readPortalName, readQuery } from './client-messages.js';
import { type Asked, Exchange, type Login } from './exchange.js';
import type { Message } from './message-reader.js';
import type { Ask, Pipeline } from './pipeline.js';
import { readStartupPacket } from './startup.js';
import { type Portal, type Statement, Statements } from './statements.js';

/** Names, numbers and formats beside the text of a statement. */
const EXTRA_BYTES = 1024;

/** What the connection does with a startup packet. */
export interface StartupListener {
  /** Encryption was asked for: one byte answers. */
  encryption(): void;
  startup(): void;
}

/** What a client's messages ask for: statements, and who waits for which answer. */
export class ClientSide {
  login: Login = {};
  readonly #context: ParserContext;
  readonly #pipeline: Pipeline;
  readonly #direction: () => Direction;
  readonly #startupListener: StartupListener;
  readonly #statements: Statements;
  /** Of the cycle under way: what further messages of it can belong to. */
  readonly #preparing = new Map<Statement, Exchange>();
  readonly #binding = new Map<Portal, Exchange>();
  /** Its first message has come, its last one not yet. */
  #isInCycle = false;
  /** Bytes of COPY data that nobody has asked for yet. */
  #copiedBytes = 0;
  #copying: Exchange | undefined;
  /** Within the message that is read. */
  #gaps: FlowGap[] | undefined;

  constructor(
    context: ParserContext,
    pipeline: Pipeline,
    direction: () => Direction,
    startupListener: StartupListener,
  ) {
    this.#context = context;
    this.#pipeline = pipeline;
    this.#direction = direction;
    this.#startupListener = startupListener;
    this.#statements = new Statements(() => context.count('statement-forgotten'));
  }

  get statements(): Statements {
    return this.#statements;
  }

  wants(type: string, size: number): number {
    const { maxHeaderBytes, maxBodyBytes } = this.#context.limits;
    switch (type) {
      case '':
        return size;
      case 'Q':
        return maxHeaderBytes;
      case 'P':
        return maxHeaderBytes + EXTRA_BYTES;
      case 'B':
        return maxBodyBytes + EXTRA_BYTES;
      case 'D':
      case 'E':
      case 'C':
        return size;
      default:
        // Data that is only counted, and passwords, which nobody must see.
        return 0;
    }
  }

  message(message: Message): void {
    switch (message.type) {
      case '':
        this.#startupPacket(message);
        break;
      case 'Q':
        this.#whole('query', { operation: 'query', ...readQuery(message.payload) }, message);
        break;
      case 'F':
        this.#whole('function', { operation: 'function-call' }, message);
        break;
      case 'P':
        this.#parse(message);
        break;
      case 'B':
        this.#bind(message);
        break;
      case 'D':
        this.#describe(message);
        break;
      case 'E':
        this.#execute(message);
        break;
      case 'C':
        this.#close(message);
        break;
      case 'S':
        this.#beginCycle();
        this.#pipeline.add({ kind: 'sync' });
        this.#endCycle();
        break;
      case 'd':
        if (this.#copying === undefined) this.#copiedBytes += message.size;
        else this.#copying.result.copied(message.size);
        break;
      case 'c':
      case 'f':
        this.#copying = undefined;
        this.#pipeline.add({ kind: 'copy-end' });
        break;
      default:
    }
    this.#gaps = undefined;
  }

  /** A gap within the message that comes next. */
  gapInMessage(gap: FlowGap): void {
    this.#gaps = withGap(this.#gaps, gap);
    // It may belong to what has begun.
    for (const exchange of [...this.#preparing.values(), ...this.#binding.values()]) exchange.addGap(gap);
    this.#copying?.addGap(gap);
  }

  /** The server takes data for a statement. */
  copyIn(exchange: Exchange): void {
    exchange.result.copied(this.#copiedBytes);
    this.#copiedBytes = 0;
    this.#copying = exchange;
  }

  copyEnded(): void {
    this.#copying = undefined;
    this.#copiedBytes = 0;
  }

  /** Nobody knows what the client asked for meanwhile. */
  lost(): void {
    this.#endCycle();
    // What comes next may be the rest of a cycle.
    this.#isInCycle = true;
    this.#statements.forgetUnnamed();
    this.#copying = undefined;
    this.#gaps = undefined;
  }

  #startupPacket(message: Message): void {
    const packet = readStartupPacket(message.payload);
    switch (packet?.kind) {
      case 'encryption':
        this.#startupListener.encryption();
        return;
      case 'cancel': {
        const parameters = [String(packet.processId)];
        this.#whole('startup', { operation: 'cancel', parameters }, message);
        return;
      }
      case 'startup': {
        const { user, database } = packet;
        this.login = { ...(user === undefined ? {} : { user }), ...(database === undefined ? {} : { database }) };
        this.#whole('startup', { operation: 'connect' }, message);
        this.#startupListener.startup();
        return;
      }
      default:
        this.#context.count('unknown-startup');
    }
  }

  /** A request of one message. */
  #whole(kind: Ask['kind'], asked: Asked, message: Message): void {
    this.#isInCycle = false;
    this.#beginCycle();
    const exchange = this.#exchange(asked, message);
    this.#pipeline.add({ kind, exchange });
    this.#endCycle();
    exchange.announce(this.login, this.#direction());
    this.#pipeline.close(exchange);
  }

  #parse(message: Message): void {
    this.#beginCycle();
    const statement = this.#statements.prepare(readParse(message.payload));
    const exchange = this.#exchange({ operation: 'prepare', statement }, message);
    this.#preparing.set(statement, exchange);
    this.#pipeline.add({ kind: 'parse', exchange, statement });
  }

  #bind(message: Message): void {
    this.#beginCycle();
    const bind = readBind(message.payload);
    const statement = this.#statements.statement(bind.statement);
    const portal: Portal = { statement, bind, columns: statement.columns };
    this.#statements.bind(bind.portal, portal);
    const exchange = this.#preparing.get(statement) ?? this.#exchange({ operation: 'bind', statement }, message);
    this.#preparing.delete(statement);
    if (exchange.asked !== undefined) {
      exchange.asked.operation = 'bind';
      exchange.asked.portal = portal;
    }
    this.#binding.set(portal, exchange);
    this.#pipeline.add({ kind: 'bind', exchange });
  }

  #describe({ payload }: Message): void {
    this.#beginCycle();
    const { isStatement, name } = readNamed(payload);
    if (isStatement) {
      const statement = this.#statements.statement(name);
      this.#addTo(this.#preparing.get(statement), { kind: 'describe-statement', statement });
      return;
    }
    const portal = this.#statements.portal(name);
    const exchange = portal && this.#binding.get(portal);
    this.#addTo(exchange, { kind: 'describe-portal', ...(portal === undefined ? {} : { portal }) });
  }

  #execute(message: Message): void {
    this.#beginCycle();
    const portal = this.#statements.portal(readPortalName(message.payload));
    const statement = portal?.statement;
    const bound = portal && this.#binding.get(portal);
    const asked = { operation: 'execute', ...(portal === undefined ? {} : { portal, statement: portal.statement }) };
    const exchange = bound ?? this.#exchange(asked, message);
    if (portal !== undefined) this.#binding.delete(portal);
    if (exchange.asked !== undefined) exchange.asked.operation = 'execute';
    this.#pipeline.add({
      kind: 'execute',
      exchange,
      ...(portal === undefined ? {} : { portal }),
      ...(statement === undefined ? {} : { statement }),
    });
    exchange.announce(this.login, this.#direction());
    this.#pipeline.close(exchange);
  }

  #close({ payload }: Message): void {
    this.#beginCycle();
    this.#statements.close(readNamed(payload));
    this.#pipeline.add({ kind: 'close' });
  }

  #addTo(exchange: Exchange | undefined, ask: Ask): void {
    this.#pipeline.add(exchange === undefined ? ask : { ...ask, exchange });
  }

  #exchange(asked: Asked, { startNs }: Message): Exchange {
    const exchange = new Exchange(this.#context, asked, startNs);
    for (const gap of this.#gaps ?? []) exchange.addGap(gap);
    return exchange;
  }

  #beginCycle(): void {
    if (this.#isInCycle) return;
    this.#isInCycle = true;
    this.#pipeline.begin();
  }

  #endCycle(): void {
    this.#isInCycle = false;
    const open = [...this.#preparing.values(), ...this.#binding.values()];
    this.#preparing.clear();
    this.#binding.clear();
    for (const exchange of open) this.#pipeline.close(exchange);
  }
}
