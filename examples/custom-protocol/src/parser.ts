// SPDX-License-Identifier: Apache-2.0
import type { CloseReason, Direction, ParserContext, ProtocolParser, StreamChunk, StreamGap } from '@flowtap/core';
import { type ExchangeFaultCode, faultOfClose, LineReader, RequestQueue, type WaitingRequest } from '@flowtap/core';
import { COMMANDS, isLength } from './constants.js';
import type { MemcachedRequest, MemcachedResponse } from './messages.js';
import { ReplyReader } from './reply-reader.js';

/** The memcache text protocol: replies come in the order of the commands. */
export class MemcachedParser implements ProtocolParser {
  readonly #context: ParserContext;
  readonly #queue: RequestQueue<MemcachedRequest, MemcachedResponse>;
  readonly #readers: Record<Direction, LineReader>;
  #client: Direction | undefined;
  #reply: ReplyReader;
  /** The command whose value comes next. */
  #storing: WaitingRequest<MemcachedRequest> | undefined;

  constructor(context: ParserContext) {
    const { maxHeaderBytes, maxBodyBytes } = context.limits;
    this.#context = context;
    this.#queue = new RequestQueue(context, { protocol: 'memcached' });
    this.#readers = { ingress: new LineReader(maxHeaderBytes), egress: new LineReader(maxHeaderBytes) };
    this.#reply = new ReplyReader(maxBodyBytes);
    if (context.role !== 'unknown') this.#client = context.role === 'client' ? 'egress' : 'ingress';
  }

  data(chunk: StreamChunk): void {
    const reader = this.#readers[chunk.direction];
    reader.push(chunk);
    // Where the socket does not tell, whoever sends a command is the client.
    const isClient = () => chunk.direction === (this.#client ?? chunk.direction);
    while (isClient() ? this.#readCommand(reader, chunk.direction) : this.#readReply(reader));
  }

  gap(gap: StreamGap): void {
    this.#queue.miss(gap, gap.direction === this.#client ? this.#storing : this.#queue.oldest);
    // Inside a value only a part of it is missing; elsewhere nobody knows which reply belongs to which command.
    if (!this.#readers[gap.direction].lose(gap.length)) this.#giveUp('response-not-captured', gap.timestampNs);
  }

  close(reason: CloseReason, timestampNs: number): void {
    this.#giveUp(faultOfClose(reason), timestampNs);
  }

  /** False when more bytes are needed. */
  #readCommand(reader: LineReader, direction: Direction): boolean {
    if (this.#storing !== undefined) {
      const value = reader.block(Number(this.#storing.request.words[3]), this.#context.limits.maxBodyBytes);
      if (value === undefined) return false;
      this.#storing.request = { ...this.#storing.request, value };
      this.#commandEnded(this.#storing, reader.nowNs);
      this.#storing = undefined;
    }
    const line = reader.line();
    if (line === undefined) return false;
    const [command = '', ...words] = line.split(' ');
    const hasValue = COMMANDS.get(command);
    if (hasValue === undefined) return true;
    this.#client ??= direction;
    const waiting = this.#queue.add({ command, words }, direction, reader.startNs);
    if (hasValue && isLength(words[3])) this.#storing = waiting;
    else this.#commandEnded(waiting, reader.nowNs);
    return true;
  }

  #commandEnded(waiting: WaitingRequest<MemcachedRequest>, endNs: number): void {
    const { command, words } = waiting.request;
    if (command === 'quit' || words.at(-1) === 'noreply') this.#queue.endWithoutReply(waiting, endNs);
  }

  #readReply(reader: LineReader): boolean {
    const reply = this.#reply.read(reader);
    if (reply === undefined) return false;
    this.#queue.reply(reply, reader.nowNs);
    this.#reply = new ReplyReader(this.#context.limits.maxBodyBytes);
    return true;
  }

  #giveUp(code: ExchangeFaultCode, endNs: number): void {
    this.#queue.giveUp(code, endNs);
    this.#storing = undefined;
    this.#reply = new ReplyReader(this.#context.limits.maxBodyBytes);
  }
}
