// SPDX-License-Identifier: Apache-2.0
export { assertNever } from './assert-never.js';
export { createFlowFilter, type FilteredFlow, type FlowCriteria, type FlowFilter } from './criteria/flow-filter.js';
export { type ExportCounters, ExportPipeline } from './delivery/export-pipeline.js';
export type { ExportPipelineOptions } from './delivery/export-pipeline-options.js';
export type * from './delivery/exporter.js';
export { inSteps } from './delivery/in-steps.js';
export { ConfigError, EventLogError, FlowtapError, type FlowtapErrorOptions, StateError } from './errors.js';
export { createRecorder, type RecorderOptions } from './event-log/recorder.js';
export { ReplaySource, type ReplaySourceOptions } from './event-log/replay-source.js';
export type * from './events.js';
export { type HarOptions, har } from './exporters/har.js';
export { type JsonLinesOptions, jsonLines } from './exporters/json-lines.js';
export { isOutOfSpace, OutputFile } from './exporters/output-file.js';
export { type StdoutOptions, stdout } from './exporters/stdout.js';
export { createFlowErrors, EXCHANGE_FAULTS, type ExchangeFaultCode, faultOfClose } from './flow/exchange-faults.js';
export type * from './flow/flow.js';
export {
  type ContentBytes,
  completenessOf,
  type FlowCompleteness,
  type MissingPart,
} from './flow/flow-completeness.js';
export { withGap } from './flow/flow-gaps.js';
export type * from './flow/flow-message.js';
export type * from './flow/flow-update.js';
export type * from './flow/grpc-details.js';
export type { MessageDescription } from './flow/message-description.js';
export { MAX_LISTED_MESSAGES, MessageList } from './flow/message-list.js';
export {
  isSqlRequest,
  isSqlResponse,
  type SqlColumn,
  type SqlError,
  type SqlRequest,
  type SqlResponse,
  type SqlResult,
  type SqlValue,
} from './flow/sql-messages.js';
export { guarded } from './guard/guarded.js';
export { BodyCollector, type BodyListener, bodyInOneChunk } from './http/body-collector.js';
export { type DecodedContent, MAX_DECODED_BYTES } from './http/content-coding.js';
export { decodePrefix } from './http/decode-prefix.js';
export { type EventStream, type EventStreamOptions, EventStreamReader, isEventStream } from './http/event-stream.js';
export { HttpBody, type HttpBodyInit, type HttpBodyJson } from './http/http-body.js';
export {
  endpointText,
  type HttpFlow,
  headerValue,
  hostOfAuthority,
  isHttpMessage,
  pathOfTarget,
  requestUrl,
} from './http/http-flow.js';
export type * from './http/http-message.js';
export { flowToJson, writeFlowJson } from './json/flow-json.js';
export { JsonWriter } from './json/json-writer.js';
export { messageToJson } from './json/message-json.js';
export type * from './logger.js';
export { silentLogger } from './logger.js';
export { latin1 } from './parsing/latin1.js';
export { LineReader } from './parsing/line-reader.js';
export type * from './parsing/protocol-plugin.js';
export { RequestQueue, type RequestQueueNames, type WaitingRequest } from './parsing/request-queue.js';
export { createRedactor, type RedactOptions } from './redact/redact.js';
export { REDACTED_QUERY_PARAMETERS } from './redact/redact-url.js';
export { isLoopback } from './sockets/loopback.js';
export { SocketMap, type SocketMapOptions } from './sockets/socket-map.js';
export type * from './source.js';
export { DEFAULT_LIMITS, type TapLimits } from './tap/limits.js';
export { createTap, type FlowIteratorOptions, type Tap, type TapEvents } from './tap/tap.js';
export type { EventRecorder, TapOptions } from './tap/tap-options.js';
export type { ExporterStats, TapStats } from './tap/tap-stats.js';
export { creator } from './version.js';
