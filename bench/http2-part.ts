// SPDX-License-Identifier: Apache-2.0

import { FLOWS, HPACK, HPACK_JS, JSON_LINES, NPM_HTTP2, PARSER } from './pipeline/contenders.js';
import type { Corpus } from './pipeline/corpus.js';
import { blockCorpus } from './pipeline/hpack.js';
import { recordHttp2, requestBlocks } from './pipeline/http2-recording.js';
import { API_CALLS, FIRST_VISIT } from './pipeline/http2-shapes.js';
import { type Measurement, type MeasureOptions, measure, rateOf } from './pipeline/measure.js';
import { formatCount, formatTable } from './table.js';
import type { Target } from './target.js';

const MIN_HPACK_RATIO = 5;
/** Of the whole way to flows, to the frames and fields alone of the package. */
const MIN_CONNECTION_RATIO = 8;
const MIN_FIELDS_PER_SECOND = 400_000;
const CONNECTIONS = 10;

export interface Http2Result {
  readonly blocks: readonly { readonly name: string; readonly description: string }[];
  readonly hpack: readonly Measurement[];
  readonly connections: readonly Measurement[];
  /** Of both messages of an exchange, pseudo-header fields included. */
  readonly fieldsPerMessage: number;
}

/** HPACK beside npm's hpack.js, and whole connections of Node's HTTP/2 beside npm's http2. One thread, no privileges. */
export async function measureHttp2(options: MeasureOptions, say: (message: string) => void): Promise<Http2Result> {
  say('pipeline, HTTP/2');
  const connection = await recordHttp2(API_CALLS);
  const firstVisit = await recordHttp2(FIRST_VISIT);
  const corpora = [
    blockCorpus('typical', [requestBlocks(connection)]),
    blockCorpus(
      'cold',
      Array.from({ length: 100 }, () => requestBlocks(firstVisit).slice(0, 1)),
    ),
  ];
  const hpack: Measurement[] = [];
  for (const corpus of corpora) hpack.push(...(await measure([HPACK_JS, HPACK], 'http2', corpus, options)));

  const whole: Corpus = {
    name: 'HTTP/2',
    description: '',
    connections: Array.from({ length: CONNECTIONS }, () => connection),
    messages: 2 * CONNECTIONS * API_CALLS.exchanges,
    bytes: CONNECTIONS * connection.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
  const connections = await measure([NPM_HTTP2, PARSER, FLOWS, JSON_LINES], 'http2', whole, options);
  // :method, :path, :scheme, :authority; :status; and the date that Node adds.
  const request = Object.keys(API_CALLS.request(1)).length + 2;
  const response = Object.keys(API_CALLS.response(1)).length + 2;
  const blocks = corpora.map(({ name, description }) => ({ name, description }));
  return { blocks, hpack, connections, fieldsPerMessage: (request + response) / 2 };
}

export function formatHttp2({ blocks, hpack, connections, fieldsPerMessage }: Http2Result): string {
  const tables = blocks.map(({ name, description }) => {
    const of = hpack.filter(({ corpus }) => corpus === name);
    const base = rateOf(of, HPACK_JS);
    const rows = of.map(({ contender, messagesPerSecond }) => [
      contender,
      formatCount(messagesPerSecond),
      (messagesPerSecond / base).toFixed(1),
    ]);
    return `HPACK, ${name} header blocks (${description}):\n${formatTable(['', 'blocks/s', `÷ ${HPACK_JS}`], rows)}`;
  });
  const rows = connections.map(({ contender, messagesPerSecond, megabytesPerSecond }) => [
    contender,
    formatCount(messagesPerSecond),
    formatCount(messagesPerSecond * fieldsPerMessage),
    megabytesPerSecond.toFixed(0),
    (messagesPerSecond / rateOf(connections, NPM_HTTP2)).toFixed(1),
  ]);
  const headings = ['', 'messages/s', 'header fields/s', 'MB/s', '÷ npm http2'];
  const title = `HTTP/2 connections of Node (${API_CALLS.exchanges} exchanges, ${API_CALLS.concurrency} streams at once)`;
  return `${tables.join('\n')}\n${title}:\n${formatTable(headings, rows)}`;
}

export function http2Targets({ blocks, hpack, connections, fieldsPerMessage }: Http2Result): readonly Target[] {
  const ratios = blocks.map(({ name }): Target => {
    const of = hpack.filter(({ corpus }) => corpus === name);
    const ratio = rateOf(of, HPACK) / rateOf(of, HPACK_JS);
    return {
      name: `HPACK ÷ ${HPACK_JS}, ${name} header blocks`,
      wanted: `≥ ${MIN_HPACK_RATIO.toFixed(1)}`,
      measured: ratio.toFixed(1),
      met: ratio >= MIN_HPACK_RATIO,
    };
  });
  const fields = rateOf(connections, FLOWS) * fieldsPerMessage;
  const ratio = rateOf(connections, FLOWS) / rateOf(connections, NPM_HTTP2);
  return [
    ...ratios,
    {
      name: `HTTP/2 events to flows ÷ ${NPM_HTTP2}`,
      wanted: `≥ ${MIN_CONNECTION_RATIO.toFixed(1)}`,
      measured: ratio.toFixed(1),
      met: ratio >= MIN_CONNECTION_RATIO,
    },
    {
      name: 'HTTP/2 events to flows, header fields a second',
      wanted: `≥ ${formatCount(MIN_FIELDS_PER_SECOND)}`,
      measured: formatCount(fields),
      met: fields >= MIN_FIELDS_PER_SECOND,
    },
  ];
}
