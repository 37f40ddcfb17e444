// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '../events.js';
import type { FlowGap } from '../flow/flow.js';
import type { FlowMessage } from '../flow/flow-message.js';
import { HttpBody } from '../http/http-body.js';
import type {
  CloseReason,
  Detection,
  OpenExchange,
  ParsedExchange,
  ParserContext,
  Probe,
  ProtocolParser,
  ProtocolPlugin,
  StreamChunk,
  StreamGap,
} from '../parsing/protocol-plugin.js';

export interface LineProtocolOptions {
  /** @default `line` */
  readonly name?: string;
  /** First word of a request. @default `ASK` */
  readonly verb?: string;
}

/**
 * The smallest complete protocol, for tests of what surrounds one: a request is a line `ASK words`, its response the
 * next line the other way. Lines `SAY part words` before it are messages of the exchange. `ASK throw` makes the parser throw; the response `SAY become` hands the connection over,
 * `SAY become <name>` to that protocol.
 */
export function lineProtocol(options: LineProtocolOptions = {}): ProtocolPlugin {
  const { name = 'line', verb = 'ASK' } = options;
  const start = `${verb} `;
  return {
    apiVersion: 1,
    name,
    probeBytes: start.length,
    detect: (probe) => detect(probe, start),
    createParser: (context) => new LineParser(context, name, start),
  };
}

function detect({ ingress, egress }: Probe, start: string): Detection {
  const answers = [ingress, egress].map((bytes) => {
    const seen = bytes.toString('latin1', 0, start.length);
    if (seen === start) return 'match';
    return seen !== '' && start.startsWith(seen) ? 'need-more' : 'no-match';
  });
  if (answers.includes('match')) return 'match';
  return answers.includes('need-more') ? 'need-more' : 'no-match';
}

interface Asked {
  readonly direction: Direction;
  readonly startNs: number;
  readonly text: string;
  readonly gaps: FlowGap[];
  readonly messages: FlowMessage[];
  opened: OpenExchange | undefined;
}

/** One direction: the line that has begun. */
interface Side {
  text: string;
  startNs: number;
  /** The start of the line is missing. */
  isBroken: boolean;
}

class LineParser implements ProtocolParser {
  readonly #context: ParserContext;
  readonly #name: string;
  readonly #start: string;
  readonly #sides: Record<Direction, Side> = {
    ingress: { text: '', startNs: 0, isBroken: false },
    egress: { text: '', startNs: 0, isBroken: false },
  };
  readonly #asked: Asked[] = [];
  readonly #ends = { ingress: 0, egress: 0 };

  constructor(context: ParserContext, name: string, start: string) {
    this.#context = context;
    this.#name = name;
    this.#start = start;
  }

  data(chunk: StreamChunk): void {
    const side = this.#sides[chunk.direction];
    let position = 0;
    for (let end = chunk.bytes.indexOf(10); end !== -1; end = chunk.bytes.indexOf(10, position)) {
      if (position > 0 || side.text === '') side.startNs = chunk.timestampNs;
      const line = side.text + chunk.bytes.toString('latin1', position, end);
      const { isBroken } = side;
      side.text = '';
      side.isBroken = false;
      position = end + 1;
      this.#ends[chunk.direction] = chunk.offset + position;
      if (isBroken) this.#context.count('broken-line');
      else if (this.#line(line, chunk, position)) return;
    }
    if (position === chunk.bytes.length) return;
    if (side.text === '') side.startNs = chunk.timestampNs;
    side.text = (side.text + chunk.bytes.toString('latin1', position)).slice(0, this.#context.limits.maxHeaderBytes);
  }

  gap({ direction, offset, length, reason }: StreamGap): void {
    const side = this.#sides[direction];
    side.text = '';
    side.isBroken = true;
    this.#asked[0]?.gaps.push({ direction, offset, bytes: length, reason });
  }

  close(reason: CloseReason, timestampNs: number): void {
    for (const asked of this.#asked) {
      this.#emit(asked, timestampNs, undefined, { code: 'no-response', message: `unanswered: ${reason}` });
    }
  }

  /** True when the connection was handed over. */
  #line(line: string, chunk: StreamChunk, position: number): boolean {
    if (line.startsWith(this.#start)) {
      if (line.endsWith(' throw')) throw new Error('this parser throws on demand');
      const { startNs } = this.#sides[chunk.direction];
      const { direction } = chunk;
      const text = line.slice(this.#start.length);
      const asked: Asked = { direction, startNs, text, gaps: [], messages: [], opened: undefined };
      if (this.#context.wantsUpdates) asked.opened = this.#context.open(this.#exchange(asked, chunk.timestampNs));
      this.#asked.push(asked);
      if (this.#asked.length > this.#context.limits.maxPendingExchanges) this.#asked.shift();
      return false;
    }
    if (line.startsWith('SAY part ')) {
      this.#part(line.slice('SAY part '.length), chunk.timestampNs);
      return false;
    }
    const asked = this.#asked.shift();
    if (asked === undefined) {
      this.#context.count('response-without-request');
      return false;
    }
    this.#emit(asked, chunk.timestampNs, { text: line });
    if (!line.startsWith('SAY become')) return false;
    const to = line.slice('SAY become '.length);
    const bytes = chunk.bytes.subarray(position);
    const leftover = bytes.length === 0 ? [] : [{ ...chunk, offset: chunk.offset + position, bytes }];
    this.#context.handover({
      ingressOffset: this.#ends.ingress,
      egressOffset: this.#ends.egress,
      leftover,
      ...(to === '' ? {} : { to }),
    });
    return true;
  }

  #part(text: string, timestampNs: number): void {
    const [asked] = this.#asked;
    if (asked === undefined) return;
    const bytes = Buffer.from(text, 'latin1');
    const message: FlowMessage = {
      sender: 'server',
      offsetMs: (timestampNs - asked.startNs) / 1e6,
      type: 'text',
      content: new HttpBody({ size: bytes.length, truncated: false, bytes }),
    };
    asked.messages.push(message);
    asked.opened?.message(message);
  }

  #emit(asked: Asked, endNs: number, response?: object, error?: { code: string; message: string }): void {
    const { gaps, messages, opened } = asked;
    this.#context.emit({
      ...this.#exchange(asked, endNs),
      ...(response === undefined ? {} : { response }),
      complete: response !== undefined && gaps.length === 0,
      ...(error === undefined ? {} : { error }),
      ...(gaps.length === 0 ? {} : { gaps }),
      ...(messages.length === 0 ? {} : { messages, messageCount: messages.length }),
      ...(opened === undefined ? {} : { opened }),
    });
  }

  #exchange({ direction, startNs, text }: Asked, endNs: number): ParsedExchange {
    const protocol = this.#name;
    return {
      protocol,
      scheme: 'line',
      requestDirection: direction,
      startNs,
      endNs,
      request: { text },
      complete: false,
    };
  }
}
