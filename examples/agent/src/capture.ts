// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import { createRecorder, createTap, type EventSource, type TapOptions } from '@flowtap/core';
import { createWhere } from './flow-filter.js';
import { createGrpcSchema } from './grpc-schema.js';
import { type Notices, noticeLogger } from './notices.js';
import type { CaptureOptions } from './options/capture-options.js';
import { checkOutputOptions, type OutputOptions } from './options/output-options.js';
import { refuseSharedFiles } from './options/output-spec.js';
import { createProtocols } from './options/protocols.js';
import { createExporters, type OutputSetup } from './outputs.js';
import { checkWritable, writeOwnedFile } from './owned-file.js';
import { loadPlugins } from './plugins.js';
import { failureMessage } from './report-failure.js';
import { everythingDelivered, summarize } from './summary.js';
import { createTimer } from './timer.js';

export interface CaptureSetup {
  readonly source: EventSource;
  readonly options: OutputOptions & Partial<Pick<CaptureOptions, 'record' | 'duration' | 'readyFile'>>;
  /** Stream of the human-readable output. */
  readonly readable: Writable;
  readonly notices: Notices;
  readonly control?: OutputSetup['control'];
  readonly describe?: TapOptions['describe'];
}

/** A running capture from source to outputs, as every command uses it. */
export interface Capture {
  /** Opens the outputs and attaches. */
  start(): Promise<void>;
  /** Resolves when the source has nothing more to give. */
  readonly ended: Promise<void>;
  /** Resolves when --duration is over; never without it. */
  readonly durationOver: Promise<void>;
  /**
   * Detaches, brings every flow out, writes --stats and says what was captured and what was lost. Idempotent; never
   * rejects.
   *
   * @returns whether nothing broke off and every output took everything.
   */
  finish(): Promise<boolean>;
}

/** @throws UsageError, FlowtapError before anything is attached, when the options cannot work. */
export async function openCapture(setup: CaptureSetup): Promise<Capture> {
  const { source, options, notices } = setup;
  checkOutputOptions(options);
  await checkFiles(options);
  const grpcSchema = await createGrpcSchema(options);
  const plugins = await loadPlugins(options.plugin ?? []);
  const logger = noticeLogger(notices);
  const where = createWhere(options);
  const tap = createTap({
    source,
    // What a user adds is asked first: it may know a protocol better than what was there before.
    protocols: [...plugins.protocols, ...(await createProtocols(options.protocols, { grpcSchema }))],
    exporters: [
      ...plugins.exporters,
      ...(await createExporters({
        specs: options.output ?? [{ kind: 'stdout' }],
        readable: setup.readable,
        serverOptions: options,
        control: setup.control,
        logger,
      })),
    ],
    redact: options.redact ? { headers: options.redactHeader ?? [] } : false,
    limits: { maxBodyBytes: options.maxBody },
    logger,
    ...(setup.describe === undefined ? {} : { describe: setup.describe }),
    ...(where === undefined ? {} : { where }),
    ...(options.record === undefined ? {} : { recorder: createRecorder({ path: options.record, logger }) }),
  });
  // The logger says what it was; here it only decides the exit status.
  let broken = false;
  tap.on('error', () => {
    broken = true;
  });

  const durationOver = createTimer(options.duration);
  const finish = async (): Promise<boolean> => {
    durationOver.cancel();
    try {
      await tap.stop();
      const stats = tap.stats();
      for (const line of summarize(stats)) notices.say(line);
      if (options.stats !== undefined) await writeOwnedFile(options.stats, `${JSON.stringify(stats, undefined, 2)}\n`);
      return !broken && everythingDelivered(stats);
    } catch (error) {
      notices.say(failureMessage(error));
      return false;
    }
  };
  let finished: Promise<boolean> | undefined;
  return {
    async start() {
      await tap.start();
      if (options.record !== undefined) notices.say(recordingNotice(options.record));
      durationOver.start();
    },
    ended: tap.ended,
    durationOver: durationOver.promise,
    finish() {
      finished ??= finish();
      return finished;
    },
  };
}

async function checkFiles(options: CaptureSetup['options']): Promise<void> {
  const outputs = (options.output ?? []).map((spec) => ({
    option: '--output',
    path: 'path' in spec ? spec.path : undefined,
  }));
  refuseSharedFiles([
    ...outputs,
    { option: '--record', path: options.record },
    { option: '--stats', path: options.stats },
    { option: '--ready-file', path: options.readyFile },
  ]);
  if (options.stats !== undefined) await checkWritable('--stats', options.stats);
  if (options.readyFile !== undefined) await checkWritable('--ready-file', options.readyFile);
}

function recordingNotice(path: string): string {
  return `recording to ${path}; the event log is not redacted and holds the redaction key: keep it private`;
}
