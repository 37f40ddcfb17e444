// SPDX-License-Identifier: Apache-2.0
export { assertNever } from './assert-never.js';
export { BodyCollector, type BodyListener, bodyInOneChunk } from './body-collector.js';
export { type DecodedContent, MAX_DECODED_BYTES } from './content-coding.js';
export { decodePrefix } from './decode-prefix.js';
export { ConfigError, EventLogError, FlowtapError, type FlowtapErrorOptions, StateError } from './errors.js';
export { createRecorder, type RecorderOptions } from './event-log/recorder.js';
export { ReplaySource, type ReplaySourceOptions } from './event-log/replay-source.js';
export { type EventStream, type EventStreamOptions, EventStreamReader, isEventStream } from './event-stream.js';
export type * from './events.js';
export { createFlowErrors, EXCHANGE_FAULTS, type ExchangeFaultCode, faultOfClose } from './exchange-faults.js';
export { type ExportCounters, ExportPipeline } from './export-pipeline.js';
export type { ExportPipelineOptions } from './export-pipeline-options.js';
export type * from './exporter.js';
export { type HarOptions, har } from './exporters/har.js';
export { type JsonLinesOptions, jsonLines } from './exporters/json-lines.js';
export { type StdoutOptions, stdout } from './exporters/stdout.js';
export type * from './flow.js';
export { type ContentBytes, completenessOf, type FlowCompleteness, type MissingPart } from './flow-completeness.js';
export { createFlowFilter, type FilteredFlow, type FlowCriteria, type FlowFilter } from './flow-filter.js';
export { withGap } from './flow-gaps.js';
export { flowToJson, writeFlowJson } from './flow-json.js';
export type * from './flow-message.js';
export type * from './flow-update.js';
export type * from './grpc-details.js';
export { guarded } from './guard/guarded.js';
export { HttpBody, type HttpBodyInit, type HttpBodyJson } from './http-body.js';
export {
  endpointText,
  type HttpFlow,
  headerValue,
  hostOfAuthority,
  isHttpMessage,
  pathOfTarget,
  requestUrl,
} from './http-flow.js';
export type * from './http-message.js';
export { JsonWriter } from './json-writer.js';
export { latin1 } from './latin1.js';
export { DEFAULT_LIMITS, type TapLimits } from './limits.js';
export { LineReader } from './line-reader.js';
export type * from './logger.js';
export { silentLogger } from './logger.js';
export { isLoopback } from './loopback.js';
export type { MessageDescription } from './message-description.js';
export { messageToJson } from './message-json.js';
export { MAX_LISTED_MESSAGES, MessageList } from './message-list.js';
export { isOutOfSpace, OutputFile } from './output-file.js';
export type * from './protocol-plugin.js';
export { createRedactor, type RedactOptions } from './redact.js';
export { REDACTED_QUERY_PARAMETERS } from './redact-url.js';
export { RequestQueue, type RequestQueueNames, type WaitingRequest } from './request-queue.js';
export { SocketMap, type SocketMapOptions } from './socket-map.js';
export type * from './source.js';
export {
  isSqlRequest,
  isSqlResponse,
  type SqlColumn,
  type SqlError,
  type SqlRequest,
  type SqlResponse,
  type SqlResult,
  type SqlValue,
} from './sql-messages.js';
export { createTap, type FlowIteratorOptions, type Tap, type TapEvents } from './tap.js';
export type { EventRecorder, TapOptions } from './tap-options.js';
export type { ExporterStats, TapStats } from './tap-stats.js';
export { creator } from './version.js';
