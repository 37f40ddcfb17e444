// SPDX-License-Identifier: Apache-2.0
import { assertNever } from '../assert-never.js';
import type { Direction, Layer } from '../events.js';
import type { ParserCall } from '../guard/guarded-parser.js';
import { isHttpMessage } from '../http/http-flow.js';
import type { EngineState } from '../tap/engine-state.js';
import { ParserSession, type SessionListener, type StreamOwner } from './parser-session.js';
import { ProbeBuffer } from './probe-buffer.js';
import type {
  CloseReason,
  ParsedExchange,
  ProtocolPlugin,
  StreamChunk,
  StreamGap,
  UpgradedExchange,
} from './protocol-plugin.js';

const EMPTY: Buffer = Buffer.alloc(0);

/** A pair of parsers that hand over to each other must not loop; real chains have one or two links. */
const MAX_HANDOVERS = 16;

/** The name may have come over the wire (an Upgrade header); only a harmless one becomes part of a counter. */
const PLAIN_NAME = /^[\w./-]{1,32}$/;

/** See `#retry`. */
const MAX_TURN_RETRIES = 16;
const RETRIES_AFTER_GAP = 16;

type Phase = 'probing' | 'parsing' | 'unrecognized' | 'closed';

/**
 * What becomes of a stream's ordered bytes: shown to the detectors, then given to the parser that won, or let go.
 *
 *     probing ──match──▶ parsing ──handover──▶ probing (or parsing, when it names a protocol)
 *        └──none, budget spent──▶ unrecognized ◀──throws── parsing
 *
 * The usual stream matches on its first chunk; then nothing is copied.
 */
export class StreamParser implements SessionListener {
  readonly #state: EngineState;
  readonly #owner: StreamOwner;
  readonly #layer: Layer;
  #joinedLate: boolean;
  #hadGap = false;
  #phase: Phase = 'probing';
  #session: ParserSession | undefined;
  #probe: ProbeBuffer | undefined;
  #lastDirection: Direction | undefined;
  #turnRetries = MAX_TURN_RETRIES;
  #gapRetries = 0;
  #handovers = 0;

  constructor(state: EngineState, owner: StreamOwner, layer: Layer, joinedLate: boolean) {
    this.#state = state;
    this.#owner = owner;
    this.#layer = layer;
    this.#joinedLate = joinedLate;
  }

  /** The stream was not joined late after all, as far as that was for want of knowing its socket. */
  seenFromStart(): void {
    if (this.#hadGap) return;
    this.#joinedLate = false;
    this.#session?.seenFromStart();
  }

  data(chunk: StreamChunk): void {
    switch (this.#phase) {
      case 'parsing':
        if (this.#session?.data(chunk) === true) this.#followHandover(chunk.timestampNs);
        else this.#letGo('for-good');
        return;
      case 'probing':
        this.#detect(chunk);
        return;
      case 'unrecognized':
        this.#retry(chunk);
        return;
      case 'closed':
        return;
      default:
        assertNever(this.#phase);
    }
  }

  gap(gap: StreamGap): void {
    this.#hadGap = true;
    if (this.#phase === 'parsing') {
      if (this.#session?.gap(gap) === true) this.#followHandover(gap.timestampNs);
      else this.#letGo('for-good');
    } else if (this.#phase === 'probing') {
      // What was kept has no continuation: whatever begins after the gap is judged on its own.
      this.#discardProbe();
      this.#joinedLate = true;
      this.#gapRetries = RETRIES_AFTER_GAP;
    } else if (this.#phase === 'unrecognized' && this.#joinedLate) {
      this.#gapRetries = RETRIES_AFTER_GAP;
    }
  }

  close(reason: CloseReason, timestampNs: number): void {
    if (this.#phase === 'probing') {
      if (reason === 'tls-start') this.#discardProbe();
      else this.#decideFinally();
    }
    const session = this.#phase === 'parsing' ? this.#session : undefined;
    this.#phase = 'closed';
    this.#session = undefined;
    session?.close(reason, timestampNs);
    // Only its end told the parser that it had been handed over.
    this.#handOut(session?.handover?.exchange);
  }

  #detect(chunk: StreamChunk): void {
    const { maxProbeBytes } = this.#state.limits;
    const kept = this.#probe;
    let complete: boolean;
    let ingress = EMPTY;
    let egress = EMPTY;
    if (kept === undefined) {
      complete = chunk.bytes.length <= maxProbeBytes;
      if (chunk.direction === 'ingress') ingress = chunk.bytes;
      else egress = chunk.bytes;
    } else {
      complete = kept.append(chunk);
      ingress = kept.view('ingress');
      egress = kept.view('egress');
    }
    const verdict = this.#decide(ingress, egress, !complete);
    if (verdict === 'need-more') {
      if (kept === undefined) {
        this.#probe = new ProbeBuffer(maxProbeBytes);
        this.#probe.append(chunk);
      }
    } else if (verdict === 'none') {
      this.#lastDirection = chunk.direction;
      this.#letGo('for-now');
    } else {
      this.#begin(verdict);
      this.#replay(kept);
      if (kept === undefined || !complete) this.data(chunk);
    }
  }

  #decide(ingress: Buffer, egress: Buffer, final: boolean) {
    const probe = { ingress, egress, joinedLate: this.#joinedLate, connection: this.#owner.info, layer: this.#layer };
    return this.#state.detector.decide(probe, final);
  }

  /** The stream ends while a protocol still waits for more: the others may say what they make of it. */
  #decideFinally(): void {
    const kept = this.#probe;
    if (kept === undefined) return;
    const verdict = this.#decide(kept.view('ingress'), kept.view('egress'), true);
    if (verdict === 'none' || verdict === 'need-more') {
      this.#letGo('for-now');
      return;
    }
    this.#begin(verdict);
    this.#replay(kept);
  }

  #begin(plugin: ProtocolPlugin, upgraded?: UpgradedExchange): void {
    this.#probe = undefined;
    this.#session = new ParserSession(plugin, this.#state, this.#owner, this.#layer, this, this.#joinedLate, upgraded);
    this.#phase = 'parsing';
    this.#owner.recognized();
  }

  #replay(kept: ProbeBuffer | undefined): void {
    if (kept === undefined) return;
    for (const chunk of kept.chunks()) this.data(chunk);
  }

  #followHandover(timestampNs: number): void {
    const handover = this.#session?.handover;
    if (handover === undefined) return;
    const { to, exchange, leftover } = handover;
    const plugin = to === undefined ? undefined : this.#state.detector.byName(to);
    this.#handovers += 1;
    const isLoop = this.#handovers > MAX_HANDOVERS;
    const upgraded = plugin !== undefined && !isLoop && isUpgraded(exchange) ? exchange : undefined;
    if (upgraded === undefined || plugin?.continuesExchange !== true) this.#handOut(exchange);
    this.#session?.close('handover', timestampNs);
    this.#session = undefined;
    if (isLoop) {
      this.#state.counters.add('handover-loop');
      this.#letGo('for-good');
      return;
    }
    this.#joinedLate = false;
    this.#enter(to, plugin, upgraded);
    for (const chunk of leftover) this.data(chunk);
  }

  #enter(to: string | undefined, plugin: ProtocolPlugin | undefined, upgraded: UpgradedExchange | undefined): void {
    if (to === undefined) {
      this.#phase = 'probing';
      return;
    }
    if (plugin !== undefined) {
      this.#begin(plugin, upgraded);
      return;
    }
    // Known to be something that nobody here reads: guessing among the others could only be wrong.
    this.#state.counters.add(PLAIN_NAME.test(to) ? `handover-unknown:${to}` : 'handover-unknown');
    this.#letGo('for-good');
  }

  /** A guarded parser failed. */
  failed(session: ParserSession): void {
    if (this.#session === session) this.#letGo('for-good');
    else if (this.#phase === 'closed' && session.handover === undefined) this.#owner.unrecognized();
  }

  /** A guarded parser handed over, after more of the stream, and perhaps its end, had been given to it. */
  handedOver(session: ParserSession, unread: readonly ParserCall[], timestampNs: number): void {
    if (this.#phase === 'closed' && unread.length === 0) {
      this.#handOut(session.handover?.exchange);
      return;
    }
    this.#phase = 'parsing';
    this.#session = session;
    this.#followHandover(timestampNs);
    for (const call of unread) {
      if (call.kind === 'data') this.data(call.chunk);
      else if (call.kind === 'gap') this.gap(call.gap);
      else this.close(call.reason, call.timestampNs);
    }
  }

  #handOut(exchange: ParsedExchange | undefined): void {
    if (exchange !== undefined) this.#owner.exchange(this.#layer, exchange);
  }

  /**
   * A stream that was joined in the middle of a message looks like nothing at all; the next message begins where the
   * direction turns. So detection is tried again there, a bounded number of times. After a gap it is tried anywhere for
   * a while: the other direction may have lost a whole message, which shows only when it goes on.
   */
  #retry(chunk: StreamChunk): void {
    const turned = chunk.direction !== this.#lastDirection;
    this.#lastDirection = chunk.direction;
    if (this.#gapRetries > 0) this.#gapRetries -= 1;
    else if (turned && this.#turnRetries > 0) this.#turnRetries -= 1;
    else return;
    this.#phase = 'probing';
    this.#detect(chunk);
  }

  #letGo(how: 'for-good' | 'for-now'): void {
    this.#phase = 'unrecognized';
    this.#session = undefined;
    this.#probe = undefined;
    // Seen from its first byte on, a stream that nobody knows stays unknown.
    if (how === 'for-good' || !this.#joinedLate) {
      this.#turnRetries = 0;
      this.#gapRetries = 0;
      this.#joinedLate = false;
    }
    this.#owner.unrecognized();
  }

  #discardProbe(): void {
    if (this.#probe === undefined) return;
    this.#state.counters.add('probe-bytes-discarded', this.#probe.byteLength);
    this.#probe = undefined;
  }
}

function isUpgraded(exchange: ParsedExchange | undefined): exchange is UpgradedExchange {
  if (exchange?.complete !== true) return false;
  const { request, response } = exchange as Partial<UpgradedExchange>;
  return isHttpMessage(request) && isHttpMessage(response);
}
