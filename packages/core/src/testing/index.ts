// SPDX-License-Identifier: Apache-2.0
export { type Chunking, chunkings } from './chunkings.js';
export { collectFlows } from './collect-flows.js';
export { expectFlow, type FlowMatchers, flowMatchers } from './expect-flow.js';
export type { ExpectedBody, ExpectedFlow } from './expect-flow-checks.js';
export { FakeConnection, type FakeSocket, lostEvent, processEvent } from './fake-connection.js';
export { FakeSource, type FakeSourceOptions } from './fake-source.js';
export { flowSamples } from './flow-samples.js';
export { parserContext } from './parser-context.js';
export {
  type AnnouncedExchange,
  type HandoverRecord,
  type ParserRun,
  type ParserRunOptions,
  type ParserStep,
  runParser,
} from './parser-run.js';
export { pseudoRandomBytes } from './pseudo-random.js';
export { recordEvents } from './record-events.js';
export { listen, type Recording, type Relay, startRelay } from './relay.js';
export { type ExporterSubject, type ExporterTestOptions, testExporter } from './test-exporter.js';
export { type ProtocolVector, testProtocol } from './test-protocol.js';
