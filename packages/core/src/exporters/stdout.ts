// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import type { Exporter, ExportOptions, ExportResult } from '../delivery/exporter.js';
import { inSteps } from '../delivery/in-steps.js';
import { asError, ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import type { FlowUpdate } from '../flow/flow-update.js';
import { type HumanFormat, humanFlow } from './human-flow.js';
import { humanUpdate } from './human-update.js';
import { coloured, uncoloured } from './palette.js';
import { StreamOutput } from './stream-output.js';

export interface StdoutOptions {
  /** Stays open at the end. @default process.stdout */
  readonly stream?: Writable;
  /** @default true for a terminal, unless the environment has NO_COLOR */
  readonly color?: boolean;
  /** Show headers and bodies; false gives one line per flow. @default true */
  readonly details?: boolean;
  /** Characters of each body that are shown; 0 shows none. @default 1024 */
  readonly maxBodyBytes?: number;
}

/**
 * Flows for a person to read, one block each when they have ended. What lives long is shown before: a line when a WebSocket
 * opens, and one for each of its messages, for each server-sent event, and for the messages of gRPC calls that take longer
 * than a second. Control characters of captured text are shown as escapes, so that
 * traffic cannot take hold of the terminal.
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION`
 */
export function stdout(options: StdoutOptions = {}): Exporter {
  const { stream = process.stdout, details = true, maxBodyBytes = 1024 } = options;
  if (!Number.isSafeInteger(maxBodyBytes) || maxBodyBytes < 0) {
    throw new ConfigError('CONFIG_INVALID_OPTION', `maxBodyBytes of stdout cannot be ${maxBodyBytes}.`, {
      hint: 'It is a whole number, 0 or more.',
    });
  }
  const palette = (options.color ?? wantsColor(stream)) ? coloured : uncoloured;
  return new HumanExporter(stream, { palette, details, maxBodyBytes });
}

/** https://no-color.org: set to anything but the empty string. */
function wantsColor(stream: Writable): boolean {
  return 'isTTY' in stream && stream.isTTY === true && (process.env['NO_COLOR'] ?? '') === '';
}

class HumanExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name = 'stdout';
  readonly #stream: Writable;
  readonly #format: HumanFormat;
  #output: StreamOutput | undefined;

  constructor(stream: Writable, format: HumanFormat) {
    this.#stream = stream;
    this.#format = format;
  }

  async start(): Promise<void> {
    this.#output = new StreamOutput(this.#stream);
  }

  export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    const blocks = Array.from(inSteps(flows, options), (flow) => humanFlow(flow, this.#format));
    return this.#write(blocks.join(''), options.signal);
  }

  exportUpdates(updates: readonly FlowUpdate[], options: ExportOptions): Promise<ExportResult> {
    const lines = Array.from(inSteps(updates, options), (update) => humanUpdate(update, this.#format));
    return this.#write(lines.join(''), options.signal);
  }

  async #write(text: string, signal: AbortSignal): Promise<ExportResult> {
    try {
      if (text !== '') await this.#output?.write(text, signal);
      return { status: 'ok' };
    } catch (error) {
      return { status: 'failed', error: asError(error) };
    }
  }

  async flush(): Promise<void> {
    await this.#output?.flush();
  }

  async shutdown(): Promise<void> {
    await this.#output?.flush();
  }
}
