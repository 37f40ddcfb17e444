// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow } from './flow.js';
import type { FlowMessage } from './flow-message.js';

/** A flow has begun: its request is there, or it streams. */
export interface FlowOpening {
  readonly kind: 'open';
  /**
   * As far as it is known: `complete` is false, and of a message that is under way the body is empty and truncated. The
   * flow comes as a whole when it ends, with the same `id`. It opens once more when it turns out to be of another
   * protocol (a WebSocket).
   */
  readonly flow: ExchangeFlow;
}

/** A message of a flow that is open. */
export interface FlowProgress {
  readonly kind: 'message';
  readonly flowId: string;
  /** The flow as it was when it opened. */
  readonly flow: ExchangeFlow;
  /** Counts the messages of the flow, both senders' together, from 0. */
  readonly index: number;
  readonly message: FlowMessage;
}

/** What is told of a flow before it ends. */
export type FlowUpdate = FlowOpening | FlowProgress;

/** Where a socket map sends what is told of flows before they end. Must not throw. */
export interface FlowUpdateSink {
  /** False: nobody listens. Asked for each request. */
  readonly isWanted: boolean;
  /** Answers the flow as consumers see it; undefined when they are not to see it. */
  open(flow: ExchangeFlow): ExchangeFlow | undefined;
  message(progress: FlowProgress): void;
}

/** Nobody listens. */
export const noUpdates: FlowUpdateSink = { isWanted: false, open: () => undefined, message: () => {} };
