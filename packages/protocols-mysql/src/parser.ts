// SPDX-License-Identifier: Apache-2.0
import type {
  CloseReason,
  Direction,
  ParsedExchange,
  ParserContext,
  ProtocolParser,
  StreamChunk,
  StreamGap,
} from '@flowtap/core';
import { commandShape } from './command-shape.js';
import { Conversation, type Phase, type Wire } from './conversation.js';
import type { Exchange } from './exchange.js';
import { beginsLogin } from './login.js';
import { CompressedReader } from './packets/compressed-reader.js';
import type { Beginning, Loss, Message, MessageListener } from './packets/message.js';
import { PacketReader } from './packets/packet-reader.js';
import { Session } from './session.js';

/** What is counted when it is not known any more where messages begin. */
const LOSS_CODES = { malformed: 'malformed-packet', undecodable: 'compression-not-understood' } as const;

/** One direction. */
interface Side {
  readonly packets: PacketReader;
  compressed: CompressedReader | undefined;
}

/** The packets of two directions, and the conversation that they are. */
export class MysqlParser implements ProtocolParser {
  readonly #context: ParserContext;
  readonly #conversation: Conversation;
  readonly #sides: Readonly<Record<Direction, Side>>;
  /** Of the client; where the socket does not tell, the first message does. */
  #requestDirection: Direction | undefined;

  constructor(context: ParserContext) {
    this.#context = context;
    const { role, joinedLate, layer, limits } = context;
    const phase: Phase = joinedLate ? 'commands' : layer === 'tls' ? 'login' : 'greeting';
    const session = new Session(limits.maxBodyBytes);
    this.#conversation = new Conversation(this.#wire(), session, phase, limits.maxPendingExchanges);
    if (role !== 'unknown') this.#requestDirection = role === 'client' ? 'egress' : 'ingress';
    this.#sides = { ingress: this.#side('ingress'), egress: this.#side('egress') };
  }

  data({ direction, bytes, timestampNs }: StreamChunk): void {
    const side = this.#sides[direction];
    const read = side.compressed === undefined ? side.packets.feed(bytes, timestampNs) : 0;
    if (read < bytes.length) side.compressed?.feed(bytes.subarray(read), timestampNs);
  }

  gap(gap: StreamGap): void {
    const { packets, compressed } = this.#sides[gap.direction];
    if (compressed === undefined) packets.miss(gap.length, gap.timestampNs, gap);
    else compressed.miss(gap);
  }

  close(reason: CloseReason, _timestampNs: number): void {
    const skipped = Object.values(this.#sides).reduce(
      (sum, { packets, compressed }) => sum + packets.skippedBytes + (compressed?.skippedBytes ?? 0),
      0,
    );
    if (skipped > 0) this.#context.count('bytes-without-packets', skipped);
    this.#conversation.close(reason);
  }

  #side(direction: Direction): Side {
    return { packets: new PacketReader(this.#listener(direction), this.#context.joinedLate), compressed: undefined };
  }

  #listener(direction: Direction): MessageListener {
    const conversation = this.#conversation;
    const { maxBodyBytes, maxHeaderBytes } = this.#context.limits;
    const maxBytes = Math.max(maxBodyBytes, maxHeaderBytes);
    const isClient = () => direction === this.#requestDirection;
    return {
      wantedBytes: () => (isClient() ? maxBytes : Math.min(maxBytes, conversation.wantedBytes ?? maxBytes)),
      message: (message) => this.#message(direction, message),
      missing: (loss) => {
        if (loss === 'undecodable') this.#context.count('compression-not-understood');
        if (isClient()) conversation.clientMissing(loss);
        else conversation.serverMissing(loss);
      },
      lost: (loss) => this.#lost(direction, loss),
      begins: (bytes) => this.#begins(direction, bytes),
    };
  }

  #message(direction: Direction, message: Message): void {
    this.#requestDirection ??= this.#isGreeting(message) ? opposite(direction) : direction;
    if (direction === this.#requestDirection) this.#conversation.client(message);
    else this.#conversation.server(message);
  }

  /** Of a connection that was seen from its beginning on the server speaks first, unless TLS came before. */
  #isGreeting({ sequence }: Message): boolean {
    return this.#conversation.phase === 'greeting' && sequence === 0;
  }

  #lost(direction: Direction, loss: Loss): void {
    this.#context.count(typeof loss === 'object' ? 'resync' : LOSS_CODES[loss]);
    if (direction === this.#requestDirection) this.#conversation.clientLost(loss);
    else this.#conversation.serverLost(loss);
  }

  #begins(direction: Direction, bytes: Buffer): Beginning {
    if (this.#requestDirection === opposite(direction)) return 'no';
    const shape = commandShape(bytes);
    if (shape === 'certain' || shape === 'weak') return 'yes';
    const login = beginsLogin(bytes);
    if (login === 'yes') return 'yes';
    return shape === 'more' || login === 'more' ? 'more' : 'no';
  }

  #wire(): Wire {
    const context = this.#context;
    return {
      isServerLost: () => {
        const { packets, compressed } = this.#serverSide();
        return compressed?.isLost ?? packets.isLost;
      },
      resumeServer: (sequence) => {
        const { packets, compressed } = this.#serverSide();
        if (compressed === undefined) packets.resume(sequence);
        else compressed.resume();
      },
      startCompression: () => {
        for (const side of Object.values(this.#sides)) {
          if (side.compressed !== undefined) continue;
          side.packets.pause();
          side.compressed = new CompressedReader(side.packets);
        }
      },
      announce: (exchange) => {
        if (context.wantsUpdates) exchange.opened = context.open(this.#parsed(exchange));
      },
      emit: (exchange) => context.emit(this.#parsed(exchange)),
      count: (code, by) => context.count(code, by),
    };
  }

  #serverSide(): Side {
    return this.#sides[this.#requestDirection === 'ingress' ? 'egress' : 'ingress'];
  }

  #parsed(exchange: Exchange): ParsedExchange {
    return exchange.toParsedExchange(this.#requestDirection ?? 'egress', this.#context.joinedLate);
  }
}

function opposite(direction: Direction): Direction {
  return direction === 'ingress' ? 'egress' : 'ingress';
}
