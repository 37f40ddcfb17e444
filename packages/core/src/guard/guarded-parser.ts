// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import type {
  CloseReason,
  ParserContext,
  ProtocolParser,
  ProtocolPlugin,
  StreamChunk,
  StreamGap,
} from '../parsing/protocol-plugin.js';
import type { GuardBatch } from './guard-batch.js';
import { guardedContext } from './guarded-context.js';

/** A call of a parser that is still to be made. */
export type ParserCall =
  | { readonly kind: 'data'; readonly chunk: StreamChunk }
  | { readonly kind: 'gap'; readonly gap: StreamGap }
  | { readonly kind: 'close'; readonly reason: CloseReason; readonly timestampNs: number };

/** What comes of a guarded parser, later than the calls that led to it. */
export interface GuardedParserOwner {
  /** It threw, or was interrupted: no call reaches it any more. */
  failed(error: unknown): void;
  /** It has closed. */
  closed(): void;
  /** It handed over. `unread`: calls that were made before anybody could know. */
  handedOver(unread: readonly ParserCall[], timestampNs: number): void;
}

/** How many things a parser can hand out for one call: one a byte, and what waited before. */
const MORE_ACTS = 64;

/** Takes the calls of a parser and makes them in the next batch. */
export class GuardedParser implements ProtocolParser {
  readonly #plugin: ProtocolPlugin;
  readonly #context: ParserContext;
  readonly #owner: GuardedParserOwner;
  readonly #batch: GuardBatch;
  #parser: ProtocolParser | undefined;
  #acts: (() => void)[] = [];
  #maxActs = 0;
  #unread: ParserCall[] | undefined;
  #isHandedOver = false;
  #hasFailed = false;
  #lastNs = 0;

  constructor(plugin: ProtocolPlugin, context: ParserContext, owner: GuardedParserOwner, batch: GuardBatch) {
    this.#plugin = plugin;
    this.#owner = owner;
    this.#batch = batch;
    const keep = (act: () => void): void => this.#keep(act);
    this.#context = guardedContext(context, keep, () => {
      this.#unread ??= [];
    });
  }

  get name(): string {
    return this.#plugin.name;
  }

  data(chunk: StreamChunk): void {
    this.#batch.add(this, { kind: 'data', chunk: { ...chunk, bytes: Buffer.from(chunk.bytes) } }, chunk.bytes.length);
  }

  gap(gap: StreamGap): void {
    this.#batch.add(this, { kind: 'gap', gap }, 0);
  }

  close(reason: CloseReason, timestampNs: number): void {
    this.#batch.add(this, { kind: 'close', reason, timestampNs }, 0);
  }

  /** Makes a call. May be interrupted anywhere; does not throw. */
  make(call: ParserCall): void {
    if (this.#hasFailed) return;
    if (this.#unread !== undefined && !isClosingHandover(call)) {
      this.#unread.push(call);
      return;
    }
    const bytes = call.kind === 'data' ? call.chunk.bytes.length : 0;
    this.#lastNs = timeOf(call);
    this.#maxActs = this.#acts.length + bytes + this.#context.limits.maxPendingExchanges + MORE_ACTS;
    try {
      this.#parser ??= this.#plugin.createParser(this.#context);
      this.#pass(call, this.#parser);
      if (this.#acts.length > this.#maxActs) throw tooManyActs();
    } catch (error) {
      this.fail(error);
    }
  }

  /** Ends it with what it has handed out so far. */
  fail(error: unknown): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    this.#acts.push(() => this.#owner.failed(error));
  }

  /** Lets the tap do what the parser did, in order. */
  settle(): void {
    const acts = this.#acts;
    this.#acts = [];
    for (const act of acts) act();
    const unread = this.#unread;
    if (unread === undefined || this.#hasFailed || this.#isHandedOver) return;
    this.#isHandedOver = true;
    this.#owner.handedOver(unread, this.#lastNs);
  }

  #pass(call: ParserCall, parser: ProtocolParser): void {
    switch (call.kind) {
      case 'data':
        parser.data(call.chunk);
        return;
      case 'gap':
        parser.gap(call.gap);
        return;
      case 'close':
        parser.close(call.reason, call.timestampNs);
        this.#acts.push(() => this.#owner.closed());
        return;
      default:
        assertNever(call);
    }
  }

  /** A parser that hands out without end must not fill the memory before its time is over. */
  #keep(act: () => void): void {
    if (this.#acts.length <= this.#maxActs) this.#acts.push(act);
    if (this.#acts.length > this.#maxActs) throw tooManyActs();
  }
}

function tooManyActs(): Error {
  return new Error('it handed out more than its bytes can hold');
}

/** What follows a handover: not a call that was made before it. */
function isClosingHandover(call: ParserCall): boolean {
  return call.kind === 'close' && call.reason === 'handover';
}

function timeOf(call: ParserCall): number {
  switch (call.kind) {
    case 'data':
      return call.chunk.timestampNs;
    case 'gap':
      return call.gap.timestampNs;
    case 'close':
      return call.timestampNs;
    default:
      return assertNever(call);
  }
}
