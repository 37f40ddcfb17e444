// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import type { Exporter, ExportOptions, ExportResult } from '../delivery/exporter.js';
import { inSteps } from '../delivery/in-steps.js';
import { asError, ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import { writeFlowJson } from '../json/flow-json.js';
import { JsonWriter } from '../json/json-writer.js';
import { FileLineSink, isRolledBack, type LineSink, StreamLineSink } from './line-sink.js';
import { isOutOfSpace } from './output-file.js';

export type JsonLinesOptions =
  /** A file that lines are appended to; created with mode 0600. */
  | { readonly path: string; readonly stream?: undefined }
  /** A stream, which stays open at the end. */
  | { readonly stream: Writable; readonly path?: undefined };

/** While so much is written the next lines are made; so little is still in the processor's cache when it is. */
const WRITE_BYTES = 256 * 1024;

/**
 * One JSON object a line for each flow, as `schema/flow.schema.json` describes it.
 *
 * A flow that lives long is one line when it has ended, with its messages; of what is told before nothing is written.
 *
 * A full disk makes the export be tried again later; the file keeps whole lines only.
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION`
 * @example
 * createTap({ source, protocols: [http1()], exporters: [jsonLines({ path: 'flows.jsonl' })] });
 */
export function jsonLines(options: JsonLinesOptions): Exporter {
  if (options.path !== undefined && options.stream !== undefined) {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'jsonLines takes either path or stream, not both.');
  }
  if (options.stream !== undefined) return new JsonLinesExporter('json', new StreamLineSink(options.stream));
  if (typeof options.path !== 'string' || options.path === '') {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'jsonLines needs the path of a file, or a stream.');
  }
  return new JsonLinesExporter(`jsonl:${options.path}`, new FileLineSink(options.path));
}

class JsonLinesExporter implements Exporter {
  readonly apiVersion = 1;
  readonly name: string;
  readonly #sink: LineSink;
  readonly #writers = [0, 1].map(() => new JsonWriter(WRITE_BYTES + WRITE_BYTES / 4)) as [JsonWriter, JsonWriter];

  constructor(name: string, sink: LineSink) {
    this.name = name;
    this.#sink = sink;
  }

  async start(): Promise<void> {
    this.#sink.open();
  }

  async export(flows: readonly Flow[], options: ExportOptions): Promise<ExportResult> {
    try {
      await this.#sink.write(this.#parts(inSteps(flows, options)), options.signal);
      return { status: 'ok' };
    } catch (thrown) {
      const error = asError(thrown);
      return { status: isOutOfSpace(error) && isRolledBack(error) ? 'retry' : 'failed', error };
    }
  }

  *#parts(flows: Iterable<Flow>): Generator<Buffer> {
    let [writer, other] = this.#writers;
    writer.clear();
    for (const flow of flows) {
      writeFlowJson(writer, flow);
      writer.ascii('\n');
      if (writer.length < WRITE_BYTES) continue;
      yield writer.view();
      [writer, other] = [other, writer];
      writer.clear();
    }
    if (writer.length > 0) yield writer.view();
  }

  flush(): Promise<void> {
    return this.#sink.flush();
  }

  async shutdown(): Promise<void> {
    await this.#sink.flush();
    this.#sink.close();
  }
}
