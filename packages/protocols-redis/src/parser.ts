// SPDX-License-Identifier: Apache-2.0
import {
  type CloseReason,
  type Direction,
  type FlowGap,
  faultOfClose,
  type ParserContext,
  type ProtocolParser,
  type StreamChunk,
  type StreamGap,
} from '@flowtap/core';
import { CommandBuilder, type CommandListener } from './command-builder.js';
import type { FaultCode } from './constants.js';
import { DirectionFinder } from './direction-finder.js';
import { Exchange } from './exchange.js';
import { JoinedLate } from './joined-late.js';
import { Pairing } from './pairing.js';
import { Pushes } from './pushes.js';
import type { ReceivedCommand, ReceivedReply } from './received.js';
import { ReplyBuilder, type ReplyListener } from './reply-builder.js';
import { ReplyMode } from './reply-mode.js';
import { RespReader } from './resp-reader.js';
import { CommandResync, ReplyResync } from './resync.js';

/** Both directions of a connection once it is known which one carries the commands. */
interface Sides {
  readonly requestDirection: Direction;
  readonly commandBuilder: CommandBuilder;
  readonly commands: RespReader;
  readonly replyBuilder: ReplyBuilder;
  readonly replies: RespReader;
  readonly pushes: Pushes;
}

/** The commands and replies of a connection, paired, and what the server pushes. */
export class RedisParser implements ProtocolParser, CommandListener, ReplyListener {
  readonly #context: ParserContext;
  readonly #pairing: Pairing;
  readonly #mode = new ReplyMode();
  readonly #late: JoinedLate;
  #finder: DirectionFinder | undefined;
  #sides: Sides | undefined;
  /** Messages may have been missed since the first ones. */
  #hasLost = false;
  /** The stream ends, for this reason. */
  #closing: FaultCode | undefined;

  constructor(context: ParserContext) {
    const { limits, joinedLate, role } = context;
    this.#context = context;
    this.#late = new JoinedLate(context);
    this.#pairing = new Pairing({
      limits,
      joinedLate,
      isServer: () => context.role === 'server',
      release: (exchange) => this.#release(exchange),
      confirmed: (exchange) => this.#sides?.pushes.confirmed(exchange),
      count: (code, by) => context.count(code, by),
    });
    if (role === 'unknown') this.#finder = new DirectionFinder();
    else this.#begin(role === 'client' ? 'egress' : 'ingress');
  }

  data(chunk: StreamChunk): void {
    if (this.#late.turnsOutFalse() && !this.#hasLost) this.#pairing.seenFromStart();
    if (this.#sides !== undefined) {
      this.#feed(this.#sides, chunk);
      return;
    }
    const found = this.#finder?.add(chunk);
    if (found !== undefined) this.#begin(found);
  }

  gap(gap: StreamGap): void {
    this.#hasLost = true;
    const { requestDirection, commands, replies } = this.#sides ?? this.#begin(this.#finder?.guess() ?? 'egress');
    (gap.direction === requestDirection ? commands : replies).gap(gap);
  }

  close(reason: CloseReason, timestampNs: number): void {
    const { commands, replies, pushes } = this.#sides ?? this.#begin(this.#finder?.guess() ?? 'egress');
    const fault = faultOfClose(reason);
    this.#closing = reason === 'closed' ? 'connection-closed' : fault;
    commands.cut();
    replies.cut();
    const skipped = commands.skippedBytes + replies.skippedBytes;
    if (skipped > 0) this.#context.count('bytes-without-messages', skipped);
    this.#pairing.close(fault, timestampNs, reason === 'closed');
    pushes.end(reason === 'closed' ? undefined : fault);
  }

  commandBegins(timestampNs: number): void {
    this.#pairing.commandBegins(timestampNs, this.#sides?.replies.isInMessage === true);
  }

  command(received: ReceivedCommand): void {
    const exchange = new Exchange(received);
    const isAnswered = this.#mode.next(received.words);
    if (received.words[0] === 'SYNC' && !this.#mode.isInTransaction) {
      // What comes now is a dump of the database, which is no value of RESP.
      exchange.fault = 'replication-began';
      this.#turnToReplication();
    } else if (isAnswered) {
      this.#pairing.addCommand(exchange);
      return;
    } else {
      exchange.fault = 'reply-off';
    }
    this.#emit(exchange);
  }

  reply(received: ReceivedReply): void {
    if (this.#sides?.pushes.take(received) !== true) this.#pairing.addReply(received);
  }

  commandsLost(gap: FlowGap | undefined): void {
    if (this.#closing !== undefined) return;
    this.#noteLoss(gap);
    this.#pairing.loseCommands();
  }

  repliesLost(gap: FlowGap | undefined): void {
    if (this.#closing !== undefined) return;
    this.#noteLoss(gap);
    this.#pairing.loseReplies(gap);
    this.#sides?.pushes.lose(gap);
  }

  faultOf(gap: FlowGap | undefined): FaultCode {
    return this.#closing ?? (gap === undefined ? 'malformed-message' : 'gap-in-framing');
  }

  #begin(requestDirection: Direction): Sides {
    const { limits, joinedLate } = this.#context;
    const commandBuilder = new CommandBuilder(this, limits.maxBodyBytes);
    const replyBuilder = new ReplyBuilder(this, limits.maxBodyBytes);
    const replyDirection = requestDirection === 'egress' ? 'ingress' : 'egress';
    const sides: Sides = {
      requestDirection,
      commandBuilder,
      commands: new RespReader(requestDirection, commandBuilder, {
        takesCommands: true,
        isLost: joinedLate,
        resync: new CommandResync(),
      }),
      replyBuilder,
      replies: new RespReader(replyDirection, replyBuilder, {
        takesCommands: false,
        isLost: joinedLate,
        resync: new ReplyResync(),
      }),
      pushes: new Pushes(this.#context, requestDirection, this.#pairing, this.#late),
    };
    this.#sides = sides;
    for (const chunk of this.#finder?.takeChunks() ?? []) this.#feed(sides, chunk);
    this.#finder = undefined;
    return sides;
  }

  #feed(sides: Sides, chunk: StreamChunk): void {
    const isRequest = chunk.direction === sides.requestDirection;
    (isRequest ? sides.commandBuilder : sides.replyBuilder).nowNs = chunk.timestampNs;
    (isRequest ? sides.commands : sides.replies).feed(chunk);
  }

  #release(exchange: Exchange): void {
    const pushes = this.#sides?.pushes;
    if (exchange.words[0] === 'PSYNC' && isReplication(exchange)) this.#turnToReplication();
    if (pushes?.begins(exchange) === true) return;
    this.#emit(exchange);
    pushes?.afterReply(exchange);
  }

  #emit(exchange: Exchange): void {
    const requestDirection = this.#sides?.requestDirection ?? 'egress';
    this.#context.emit(exchange.toParsedExchange(requestDirection, this.#late.value));
  }

  #turnToReplication(): void {
    this.#sides?.commands.stop();
    this.#sides?.replies.stop();
  }

  #noteLoss(gap: FlowGap | undefined): void {
    this.#hasLost = true;
    this.#context.count(gap === undefined ? 'malformed-message' : 'resync');
  }
}

/** The answers to PSYNC that a stream follows. */
function isReplication({ reply }: Exchange): boolean {
  const value = reply?.reply.value;
  return typeof value === 'string' && /^(?:FULLRESYNC|CONTINUE)\b/.test(value);
}
