// SPDX-License-Identifier: Apache-2.0

import type { FlowFilter } from '../criteria/flow-filter.js';
import type { Exporter } from '../delivery/exporter.js';
import { ConfigError } from '../errors.js';
import type { Flow, FlowDescription } from '../flow/flow.js';
import type { Logger } from '../logger.js';
import type { ProtocolPlugin } from '../parsing/protocol-plugin.js';
import type { RedactOptions } from '../redact/redact.js';
import { requireInterface } from '../require-interface.js';
import type { EventSource } from '../source.js';
import type { TapLimits } from './limits.js';

/** Writes down the events of a source; `createRecorder` makes one. */
export interface EventRecorder {
  /** `redactionKey`: what the tap hashes secrets with, so that a replay gives equal flows. */
  attach(source: EventSource, redactionKey: Uint8Array): void;
  /** Resolves when everything is on disk. */
  stop(): Promise<void>;
  readonly counters: Readonly<Record<string, number>>;
}

export interface TapOptions {
  readonly source: EventSource;
  /** In order of preference: where two could claim a connection, the first one does. */
  readonly protocols: readonly ProtocolPlugin[];
  /** @default none */
  readonly exporters?: readonly Exporter[];
  /** What to hide before any consumer sees a flow; `false` shows everything. @default {} */
  readonly redact?: RedactOptions | false;
  /**
   * Adds what the capture cannot know, such as the container of a process. Called for each flow that ends, and for each
   * that is announced when it opens, before `where`; what it throws is reported as `error`, and the flow goes on without.
   */
  readonly describe?: (flow: Flow) => FlowDescription | undefined;
  /**
   * Flows to keep. @default all
   *
   * A flow that opens is asked for as well, and once more when it has ended: what only a response can tell is false
   * before.
   */
  readonly where?: FlowFilter;
  /** Ends the tap when it aborts, as `stop()` does: what was captured until then is delivered. */
  readonly signal?: AbortSignal;
  readonly recorder?: EventRecorder;
  readonly limits?: Partial<TapLimits>;
  /** @default silent */
  readonly logger?: Logger;
}

/** @throws ConfigError with code `CONFIG_API_VERSION` or `CONFIG_INVALID_OPTION`. */
export function checkTapOptions({ source, protocols, exporters = [] }: TapOptions): void {
  if (typeof source?.start !== 'function' || typeof source.on !== 'function') {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'source is not an event source.', {
      hint: 'Give createTap a BpfSource or a ReplaySource.',
    });
  }
  if (!Array.isArray(protocols) || protocols.length === 0) {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'protocols is empty.', {
      hint: 'List at least one protocol, such as http1().',
    });
  }
  for (const exporter of exporters) {
    requireInterface(exporter, { option: 'exporters', kind: 'exporter', methods: ['export', 'flush', 'shutdown'] });
  }
}
