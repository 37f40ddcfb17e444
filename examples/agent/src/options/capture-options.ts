// SPDX-License-Identifier: Apache-2.0
import { type Command, Option } from 'commander';
import { parseBytes } from './bytes.js';
import { parseChoice } from './choice.js';
import { addOutputOptions, type OutputOptions } from './output-options.js';
import { parseSeconds } from './seconds.js';

const BACKENDS = ['auto', 'tracepoint', 'kprobe'] as const;

/** What every command that captures live understands. */
export interface CaptureOptions extends OutputOptions {
  readonly record?: string;
  readonly backend: (typeof BACKENDS)[number];
  readonly duration?: number;
  readonly ringSize?: number;
  readonly readyFile?: string;
}

/** The parameters are those of `addOutputOptions`. */
export function addCaptureOptions(command: Command, human: 'stdout' | 'stderr', defaultOutput?: string): void {
  addOutputOptions(command, human, defaultOutput);
  command
    .optionsGroup('Capture:')
    .addOption(new Option('--record <file>', 'also record the events, unredacted, for flowtap replay'))
    .addOption(
      new Option('--duration <seconds>', 'stop capturing after this time').argParser((text) =>
        parseSeconds('--duration', text),
      ),
    )
    .addOption(
      new Option('--backend <name>', `how system calls are observed: ${BACKENDS.join(', ')}`)
        .default('auto')
        .argParser((text) => parseChoice('--backend', BACKENDS, text)),
    )
    .addOption(
      new Option(
        '--ring-size <bytes>',
        'buffer between kernel and flowtap, a power of two from 64k (default: 8m)',
      ).argParser((text) => parseBytes('--ring-size', text)),
    )
    .addOption(new Option('--ready-file <file>', 'write the process id of flowtap there once everything is attached'));
}
