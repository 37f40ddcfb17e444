// SPDX-License-Identifier: Apache-2.0

import { FLOWS, JSON_LINES, NODE, PARSER } from './pipeline/contenders.js';
import { makeCorpora } from './pipeline/corpus.js';
import { type Measurement, type MeasureOptions, measure, rateOf } from './pipeline/measure.js';
import { formatCount, formatTable } from './table.js';
import type { Target } from './target.js';

const MIN_RATIO = 1;

export interface PipelineResult {
  readonly corpora: readonly { readonly name: string; readonly description: string }[];
  readonly measurements: readonly Measurement[];
}

/** Flowtap without a kernel, beside Node's own HTTP parser on the same bytes. One thread, no privileges. */
export async function measurePipeline(
  options: MeasureOptions,
  say: (message: string) => void,
): Promise<PipelineResult> {
  const corpora = makeCorpora();
  const measurements: Measurement[] = [];
  for (const corpus of corpora) {
    say(`pipeline, ${corpus.name} messages`);
    measurements.push(...(await measure([NODE, PARSER, FLOWS, JSON_LINES], 'http1', corpus, options)));
  }
  return { corpora: corpora.map(({ name, description }) => ({ name, description })), measurements };
}

export function formatPipeline({ corpora, measurements }: PipelineResult): string {
  return corpora
    .map(({ name, description }) => {
      const of = measurements.filter(({ corpus }) => corpus === name);
      const base = rateOf(of, NODE);
      const rows = of.map(({ contender, messagesPerSecond, megabytesPerSecond }) => [
        contender,
        formatCount(messagesPerSecond),
        megabytesPerSecond.toFixed(0),
        (messagesPerSecond / base).toFixed(2),
      ]);
      const headings = ['', 'messages/s', 'MB/s', "÷ Node's parser"];
      return `${name[0]?.toUpperCase()}${name.slice(1)} messages (${description}):\n${formatTable(headings, rows)}`;
    })
    .join('\n');
}

export function pipelineTargets({ measurements }: PipelineResult): readonly Target[] {
  const small = measurements.filter(({ corpus }) => corpus === 'small');
  const ratio = rateOf(small, FLOWS) / rateOf(small, NODE);
  return [
    {
      name: "events to flows ÷ Node's parser, small messages",
      wanted: `≥ ${MIN_RATIO.toFixed(1)}`,
      measured: ratio.toFixed(2),
      met: ratio >= MIN_RATIO,
    },
  ];
}
