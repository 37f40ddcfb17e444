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
import { type Boundary, BoundarySearch } from './boundary-search.js';
import { ClientSide } from './client-side.js';
import type { FaultCode } from './constants.js';
import type { Exchange } from './exchange.js';
import { type MessageListener, MessageReader } from './message-reader.js';
import type { Sender } from './message-rules.js';
import { Pipeline } from './pipeline.js';
import { ServerSide } from './server-side.js';

const ACCEPTED = 'S'.charCodeAt(0);
const GSS_ACCEPTED = 'G'.charCodeAt(0);

/** One direction. */
interface Side {
  /** Looks for the next message while nobody knows where it begins. */
  search: BoundarySearch | undefined;
  /** Undefined while it is not known who sends. */
  sender: Sender | undefined;
}

/** The messages of two directions, and the statements that they are. */
export class PostgresParser implements ProtocolParser {
  readonly #context: ParserContext;
  readonly #pipeline: Pipeline;
  readonly #client: ClientSide;
  readonly #server: ServerSide;
  readonly #readers: Readonly<Record<Sender, MessageReader>>;
  readonly #sides: Readonly<Record<Direction, Side>> = {
    ingress: { search: undefined, sender: undefined },
    egress: { search: undefined, sender: undefined },
  };
  /** Of the client's messages. */
  #requestDirection: Direction | undefined;
  #isLate = false;
  /** What follows is encrypted. */
  #isEncrypted = false;

  constructor(context: ParserContext) {
    this.#context = context;
    this.#pipeline = new Pipeline(context, (exchange) => exchange.emit(this.#client.login, this.#direction));
    this.#client = new ClientSide(context, this.#pipeline, () => this.#direction, {
      encryption: () => {
        this.#readers.server.framing = 'answer';
      },
      startup: () => {
        this.#readers.client.framing = 'typed';
      },
    });
    this.#server = new ServerSide(context, this.#pipeline, this.#client);
    const listener = (side: ClientSide | ServerSide): MessageListener => ({
      wants: (type, size) => side.wants(type, size),
      message: (message) => side.message(message),
      answer: (byte) => this.#encryptionAnswered(byte),
    });
    this.#readers = {
      client: new MessageReader('client', listener(this.#client)),
      server: new MessageReader('server', listener(this.#server)),
    };
    if (context.role !== 'unknown') this.#learn(context.role === 'client' ? 'egress' : 'ingress');
    if (context.joinedLate) this.#joinLate();
    else this.#readers.client.framing = 'startup';
  }

  data({ direction, bytes, timestampNs }: StreamChunk): void {
    // The client speaks first.
    if (this.#requestDirection === undefined && !this.#isLate) this.#learn(direction);
    const side = this.#sides[direction];
    let rest = bytes;
    while (rest.length > 0 && !this.#isEncrypted) {
      if (side.search !== undefined) {
        const found = this.#search(side, side.search, rest);
        if (found === undefined) return;
        this.#found(side, direction, found);
        rest = found.bytes;
      }
      if (side.sender === undefined) return;
      const reader = this.#readers[side.sender];
      const end = reader.feed(rest, timestampNs);
      if (end === rest.length) return;
      this.#context.count('malformed-message');
      rest = rest.subarray(end);
      this.#lose(side, 'malformed-message');
    }
  }

  gap({ direction, offset, length, reason, timestampNs }: StreamGap): void {
    if (this.#isEncrypted) return;
    if (this.#requestDirection === undefined) this.#joinLate();
    const side = this.#sides[direction];
    const gap: FlowGap = { direction, offset, bytes: length, reason };
    if (side.search !== undefined || side.sender === undefined) {
      side.search?.gap();
      this.#miss(side, 'gap-in-statement', gap);
      return;
    }
    const reader = this.#readers[side.sender];
    if (reader.hasLeft(length)) {
      (side.sender === 'client' ? this.#client : this.#server).gapInMessage(gap);
      reader.gap(length, timestampNs);
      return;
    }
    this.#context.count('resync');
    this.#lose(side, 'gap-in-statement', gap);
  }

  close(reason: CloseReason): void {
    const skipped = (this.#sides.ingress.search?.end() ?? 0) + (this.#sides.egress.search?.end() ?? 0);
    if (skipped > 0) this.#context.count('bytes-without-messages', skipped);
    this.#pipeline.end((exchange) => faultAtEnd(exchange, reason));
  }

  get #direction(): Direction {
    return this.#requestDirection ?? 'egress';
  }

  #learn(requestDirection: Direction): void {
    this.#requestDirection = requestDirection;
    this.#sides[requestDirection].sender = 'client';
    this.#sides[opposite(requestDirection)].sender = 'server';
  }

  /** Nobody knows where messages begin, and whose they are where the socket does not tell. */
  #joinLate(): void {
    if (this.#isLate) return;
    this.#isLate = true;
    this.#readers.client.framing = 'typed';
    for (const side of [this.#sides.ingress, this.#sides.egress]) side.search = new BoundarySearch(side.sender);
  }

  /** What it passes over may have been messages, of those statements that wait at that time. */
  #search(side: Side, search: BoundarySearch, bytes: Buffer): Boundary | undefined {
    const before = search.skippedBytes;
    const found = search.feed(bytes);
    const hasSkipped = found === undefined ? search.skippedBytes > before : found.bytes.length < bytes.length;
    if (hasSkipped) this.#miss(side, 'gap-in-statement');
    return found;
  }

  #encryptionAnswered(byte: number): void {
    this.#isEncrypted = byte === ACCEPTED || byte === GSS_ACCEPTED;
    if (byte === GSS_ACCEPTED) this.#context.count('gss-encrypted');
  }

  #found(side: Side, direction: Direction, { sender }: Boundary): void {
    const skipped = side.search?.end() ?? 0;
    side.search = undefined;
    if (this.#requestDirection === undefined) {
      this.#learn(sender === 'client' ? direction : opposite(direction));
      const other = this.#sides[opposite(direction)];
      // What it has kept may be messages of the other sender.
      if (other.search !== undefined) other.search = new BoundarySearch(other.sender);
    }
    if (skipped > 0) this.#context.count('bytes-without-messages', skipped);
  }

  #lose(side: Side, fault: FaultCode, gap?: FlowGap): void {
    if (side.sender === undefined) return;
    const reader = this.#readers[side.sender];
    reader.reset();
    reader.framing = 'typed';
    side.search = new BoundarySearch(side.sender);
    this.#miss(side, fault, gap);
  }

  /** Messages of this direction may have been missed. */
  #miss(side: Side, fault: FaultCode, gap?: FlowGap): void {
    if (gap !== undefined) for (const exchange of this.#pipeline.unfinished) exchange.addGap(gap);
    if (side.sender === 'client') this.#client.lost();
    this.#pipeline.lost(fault);
  }
}

function opposite(direction: Direction): Direction {
  return direction === 'ingress' ? 'egress' : 'ingress';
}

/** What the end of the connection means for a statement. */
function faultAtEnd(exchange: Exchange, reason: CloseReason): FaultCode | undefined {
  // A server that ends the session says why, and then nothing more; a request to cancel is answered by the end.
  if (exchange.error !== undefined) return undefined;
  if (exchange.asked?.operation === 'cancel' && reason === 'closed') {
    exchange.isAnswered = true;
    return undefined;
  }
  const fault = faultOfClose(reason);
  return fault === 'no-response' && exchange.isAnswered ? 'connection-closed' : fault;
}
