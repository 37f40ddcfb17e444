// SPDX-License-Identifier: Apache-2.0

import type { Exporter, ExportOptions, ExportResult } from '../delivery/exporter.js';
import { inSteps } from '../delivery/in-steps.js';
import { asError, ConfigError, FlowtapError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import { isHttpMessage } from '../http/http-flow.js';
import { creator } from '../version.js';
import { harEntry } from './har-entry.js';
import { isOutOfSpace, OutputFile } from './output-file.js';

export interface HarOptions {
  /** Created with mode 0600. What was there is replaced. */
  readonly path: string;
}

/**
 * An HTTP Archive (HAR 1.2), which browsers and many tools open. The file is a valid archive after each batch: new
 * entries overwrite its closing brackets, which are written again behind them.
 *
 * A flow that lives long is written when it has ended; a WebSocket then has its text and binary messages, as Chrome's
 * developer tools write them (`_webSocketMessages`), and an event stream is the response's content.
 *
 * A request without a response has status 0, as browsers write it. What has no request that was seen from its start
 * (encrypted connections that could not be read, connections joined in the middle of a request) and protocols other
 * than HTTP have no place in the format: the log's comment says how many were left out. What Chrome and Firefox need to import
 * an archive, beyond the format, is there.
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION`
 */
export function har(options: HarOptions): Exporter {
  if (typeof options.path !== 'string' || options.path === '') {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'har needs the path of a file.');
  }
  return new HarExporter(options.path);
}

class HarExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name: string;
  readonly #path: string;
  #file: OutputFile | undefined;
  /** Where the next entry goes. */
  #end = 0;
  #entries = 0;
  #leftOut = 0;

  constructor(path: string) {
    this.#path = path;
    this.name = `har:${path}`;
  }

  async start(): Promise<void> {
    const file = new OutputFile(this.#path, 'replace');
    if (!file.isRegular) {
      file.close();
      throw new FlowtapError('OUTPUT_FILE', `${this.#path} is not a regular file, as a HAR needs.`);
    }
    this.#file = file;
    // Firefox does not import an archive without a list of pages.
    const head = `{"log":{"version":"1.2","creator":${JSON.stringify(creator())},"pages":[],"entries":[\n`;
    await file.write(Buffer.from(head + this.#closing(0)), 0);
    this.#end = Buffer.byteLength(head);
  }

  async export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    const file = this.#file;
    if (file === undefined) return { status: 'failed', error: new Error(`${this.#path} is not open.`) };
    const entries = Array.from(inSteps(flows, options), entryOf).flat();
    const separated = entries.map((entry, i) => (this.#entries + i === 0 ? entry : `,\n${entry}`)).join('');
    const leftOut = this.#leftOut + flows.length - entries.length;
    try {
      await file.write(Buffer.from(separated + this.#closing(leftOut)), this.#end);
    } catch (thrown) {
      const error = asError(thrown);
      await this.#restore(file);
      return { status: isOutOfSpace(error) ? 'retry' : 'failed', error };
    }
    this.#end += Buffer.byteLength(separated);
    this.#entries += entries.length;
    this.#leftOut = leftOut;
    return { status: 'ok' };
  }

  /** Back to the archive before the batch: its blocks are there, so that this works on a full disk too. */
  async #restore(file: OutputFile): Promise<void> {
    const closing = Buffer.from(this.#closing(this.#leftOut));
    try {
      await file.truncate(this.#end + closing.length);
      await file.write(closing, this.#end);
    } catch {
      // The result of the export tells that the file cannot be written.
    }
  }

  /** It only ever gets longer, so that nothing of the old one is left behind the new one. */
  #closing(leftOut: number): string {
    if (leftOut === 0) return '\n]}}\n';
    const comment = `${leftOut} flows are not here: no HTTP request of theirs could be read.`;
    return `\n],"comment":${JSON.stringify(comment)}}}\n`;
  }

  async flush(): Promise<void> {
    await this.#file?.sync();
  }

  async shutdown(): Promise<void> {
    await this.#file?.sync();
    this.#file?.close();
  }
}

function entryOf(flow: Flow): readonly string[] {
  if (flow.kind !== 'flow' || !isHttpMessage(flow.request)) return [];
  const response = isHttpMessage(flow.response) ? flow.response : undefined;
  return [JSON.stringify(harEntry(flow, flow.request, response))];
}
