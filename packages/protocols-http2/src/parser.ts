// SPDX-License-Identifier: Apache-2.0
import {
  type CloseReason,
  type FlowGap,
  faultOfClose,
  type GrpcSchema,
  type ParserContext,
  type ProtocolParser,
  type StreamChunk,
  type StreamGap,
} from '@flowtap/core';
import { type FaultCode, Flag, FrameType } from './constants.js';
import { type Exchange, type ExchangeContext, toOpening, toParsedExchange } from './exchange.js';
import type { FrameHeader } from './frame/frame-header.js';
import type { FrameListener, FrameReader } from './frame/frame-reader.js';
import { blockFragment, readSettings, uint31, uint32 } from './frame/payload.js';
import { grpcCall, grpcProgress } from './grpc.js';
import type { GrpcMessageSpan } from './grpc-messages.js';
import { Head, unknownHead } from './head.js';
import { type BlockInfo, HeaderBlock } from './header-block.js';
import type { Message } from './message.js';
import { Messages } from './messages.js';
import { Side } from './side.js';

/** Reads the frames of two directions: header blocks and settings here, what they say about streams in `Messages`. */
export class Http2Parser implements ProtocolParser, FrameListener {
  readonly #context: ParserContext;
  readonly #grpcSchema: GrpcSchema | undefined;
  readonly #ingress: Side;
  readonly #egress: Side;
  readonly #messages: Messages;
  /** The connection began before the capture. */
  #isLate: boolean;
  /** The side that sends requests: from the socket's role, or learnt from the bytes, which then is certain. */
  #requests: Side | undefined;
  #isCertain = false;
  /** Asked for by each exchange: made anew only when something of it changes. */
  #exchangeContext: ExchangeContext;

  constructor(context: ParserContext, grpcSchema: GrpcSchema | undefined) {
    const { limits, joinedLate, role } = context;
    this.#context = context;
    this.#grpcSchema = grpcSchema;
    this.#isLate = joinedLate;
    this.#ingress = new Side('ingress', this, joinedLate, limits.maxHeaderBytes);
    this.#egress = new Side('egress', this, joinedLate, limits.maxHeaderBytes);
    if (role !== 'unknown') this.#requests = role === 'client' ? this.#egress : this.#ingress;
    this.#exchangeContext = this.#makeExchangeContext();
    this.#messages = new Messages({
      maxOpenStreams: limits.maxPendingExchanges,
      maxBodyBytes: limits.maxBodyBytes,
      joinedLate,
      announce: (exchange) => this.#announce(exchange),
      progress: (exchange, message, span) => this.#progress(exchange, message, span),
      release: (exchange) => this.#emit(exchange),
      count: (code) => context.count(code),
    });
    if (context.upgraded === undefined) return;
    this.#learn(context.upgraded.requestDirection === 'ingress' ? this.#ingress : this.#egress);
    this.#messages.upgraded(context.upgraded);
  }

  data(chunk: StreamChunk): void {
    const side = chunk.direction === 'ingress' ? this.#ingress : this.#egress;
    side.reader.feed(chunk.bytes, chunk.timestampNs);
  }

  gap(gap: StreamGap): void {
    const side = gap.direction === 'ingress' ? this.#ingress : this.#egress;
    side.reader.gap(gap);
  }

  close(reason: CloseReason, _timestampNs: number): void {
    const fault = faultOfClose(reason);
    this.#messages.close(fault === 'no-response' ? 'connection-closed' : fault, fault);
    const skipped = this.#ingress.reader.skippedBytes + this.#egress.reader.skippedBytes;
    if (skipped > 0) this.#context.count('bytes-without-frames', skipped);
  }

  preface(reader: FrameReader): void {
    const side = this.#sideOf(reader);
    const other = this.#other(side);
    this.#learn(side);
    if (!this.#isLate) return;
    // The capture began in the connection's first moments: nothing was missed.
    this.#isLate = false;
    this.#exchangeContext = this.#makeExchangeContext();
    side.beginFresh();
    this.#messages.beginFresh();
    if (!other.hasBlocks && other.reader.skippedBytes === 0) other.beginFresh();
  }

  frame(reader: FrameReader, header: FrameHeader, payload: Buffer | undefined, start: number): void {
    const side = this.#sideOf(reader);
    const { type, streamId } = header;
    const open = side.block;
    // RFC 9113 §4.3: nothing comes between the frames of a header block.
    if (open !== undefined && (type !== FrameType.CONTINUATION || streamId !== open.streamId)) {
      this.#fail(side, open, 'malformed-frame');
    }
    switch (type) {
      case FrameType.HEADERS:
      case FrameType.PUSH_PROMISE:
        this.#beginBlock(side, header, payload, start);
        return;
      case FrameType.CONTINUATION:
        this.#continueBlock(side, header, payload, start);
        return;
      case FrameType.RST_STREAM:
        this.#messages.reset(streamId, this.#sender(side), payload && uint32(payload, start));
        return;
      case FrameType.SETTINGS:
        if (header.has(Flag.ACK)) side.acknowledge();
        else if (payload !== undefined) this.#other(side).offer(readSettings(payload, start, start + header.length));
        return;
      case FrameType.GOAWAY:
        if (payload !== undefined && this.#sender(side) === 'server') this.#messages.refuse(uint31(payload, start));
        return;
      default:
        // PRIORITY, PING and WINDOW_UPDATE say nothing about messages; unknown types are ignored (RFC 9113 §5.5).
        return;
    }
  }

  content(reader: FrameReader, header: FrameHeader, bytes: Buffer, start: number, end: number): void {
    const sender = this.#sender(this.#sideOf(reader));
    this.#messages.data(header, sender, bytes, start, end);
  }

  contentGap(reader: FrameReader, header: FrameHeader, gap: FlowGap): void {
    const sender = this.#sender(this.#sideOf(reader));
    this.#messages.dataGap(header, sender, gap);
  }

  contentEnd(reader: FrameReader, header: FrameHeader): void {
    if (header.endsStream) this.#messages.end(header, this.#sender(this.#sideOf(reader)));
  }

  lost(reader: FrameReader, gap: FlowGap | undefined): void {
    const side = this.#sideOf(reader);
    this.#context.count(gap === undefined ? 'malformed-frame' : 'resync');
    if (side.block !== undefined) this.#fail(side, side.block, 'gap-in-head');
    side.decoder.lose();
    side.tableLimit = undefined;
    if (this.#sender(side) !== 'server') this.#messages.loseRequests(gap);
    if (this.#sender(side) !== 'client') this.#messages.loseResponses(gap);
  }

  #beginBlock(side: Side, header: FrameHeader, payload: Buffer | undefined, start: number): void {
    const fragment = payload && blockFragment(header, payload, start);
    if (payload !== undefined && fragment !== undefined && header.has(Flag.END_HEADERS)) {
      // The usual case: the block lies in one frame and is read where it is.
      this.#decode(side, header, fragment.promisedId, payload, fragment.start, fragment.end);
      return;
    }
    const block = new HeaderBlock(header, fragment?.promisedId, this.#context.limits.maxHeaderBytes);
    if (payload === undefined) block.fail(this.#faultOfMissing(header));
    else if (fragment === undefined) block.fail('malformed-frame');
    else block.append(payload, fragment.start, fragment.end);
    side.block = block;
    if (header.has(Flag.END_HEADERS)) this.#endBlock(side, block);
  }

  #continueBlock(side: Side, header: FrameHeader, payload: Buffer | undefined, start: number): void {
    const { block } = side;
    if (block === undefined) {
      // Its beginning was missed, and with it what the block did to the table.
      side.decoder.lose();
      this.#context.count('stream-not-captured');
      return;
    }
    if (payload === undefined) block.fail(this.#faultOfMissing(header));
    else block.append(payload, start, start + header.length);
    if (header.has(Flag.END_HEADERS)) this.#endBlock(side, block);
  }

  #faultOfMissing(header: FrameHeader): FaultCode {
    return header.length > this.#context.limits.maxHeaderBytes ? 'header-too-large' : 'gap-in-head';
  }

  #endBlock(side: Side, block: HeaderBlock): void {
    if (block.fault !== undefined) {
      this.#fail(side, block, block.fault);
      return;
    }
    side.block = undefined;
    block.endNs = side.reader.nowNs;
    this.#decode(side, block, block.promisedId, block.bytes, 0, block.bytes.length);
  }

  /** A block that cannot be decoded: what it did to the table is not known. */
  #fail(side: Side, block: HeaderBlock, fault: FaultCode): void {
    side.block = undefined;
    side.decoder.lose();
    this.#context.count(fault);
    const head = unknownHead();
    if (block.promisedId !== undefined) return;
    block.endNs = side.reader.nowNs;
    this.#messages.head(block, this.#sender(side), head, fault);
  }

  /** Every block is decoded, whatever becomes of its stream: the table must see them all (RFC 7541 §2.2). */
  #decode(
    side: Side,
    info: BlockInfo,
    promisedId: number | undefined,
    bytes: Buffer,
    start: number,
    end: number,
  ): void {
    side.hasBlocks = true;
    const head = new Head();
    const { isIncomplete, isTruncated, isBroken } = side.decoder.decodeInto(
      head,
      bytes,
      start,
      end,
      this.#context.limits.maxHeaderBytes,
    );
    const fault = isBroken ? 'compression-error' : isTruncated ? 'header-too-large' : undefined;
    if (fault !== undefined) this.#context.count(fault);
    if (side.tableLimit !== undefined && side.decoder.capacity > side.tableLimit) {
      this.#context.count('table-size-over-limit');
    }
    head.finish(isIncomplete || isBroken || isTruncated);
    if (promisedId !== undefined) {
      // RFC 9113 §8.4: only servers push.
      this.#learn(this.#other(side));
      this.#messages.promise(promisedId, info, head, fault);
      return;
    }
    if (!this.#isCertain && (head.kind === 'request' || head.kind === 'response')) {
      this.#learn(head.kind === 'request' ? side : this.#other(side));
    }
    this.#messages.head(info, this.#sender(side), head, fault);
  }

  #learn(requests: Side): void {
    this.#requests = requests;
    this.#isCertain = true;
    this.#exchangeContext = this.#makeExchangeContext();
  }

  #sender(side: Side): 'client' | 'server' | undefined {
    if (this.#requests === undefined) return undefined;
    return side === this.#requests ? 'client' : 'server';
  }

  #sideOf(reader: FrameReader): Side {
    return reader === this.#ingress.reader ? this.#ingress : this.#egress;
  }

  #other(side: Side): Side {
    return side === this.#ingress ? this.#egress : this.#ingress;
  }

  #announce(exchange: Exchange): void {
    if (exchange.wasAnnounced || !this.#context.wantsUpdates || exchange.isSettled) return;
    const opening = toOpening(exchange, this.#exchangeContext);
    if (opening === undefined) return;
    exchange.wasAnnounced = true;
    exchange.opened = this.#context.open(opening);
  }

  #progress(exchange: Exchange, message: Message, span: GrpcMessageSpan): void {
    if (exchange.opened === undefined) return;
    const call = grpcCall(exchange.request, exchange.startNs, this.#grpcSchema);
    const half = message === exchange.request ? 'request' : 'response';
    exchange.opened.message(grpcProgress(span, message, call, half));
  }

  #emit(exchange: Exchange): void {
    this.#context.emit(toParsedExchange(exchange, this.#exchangeContext));
  }

  #makeExchangeContext(): ExchangeContext {
    return {
      tls: this.#context.tls,
      requestDirection: this.#requests?.direction ?? 'egress',
      isLate: this.#isLate,
      grpcSchema: this.#grpcSchema,
    };
  }
}
