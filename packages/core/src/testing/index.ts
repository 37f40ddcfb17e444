// SPDX-License-Identifier: Apache-2.0

export { type Chunking, chunkings } from './chunkings.js';
export { FakeConnection, type FakeSocket, lostEvent, processEvent } from './fake-connection.js';
export { FakeSource, type FakeSourceOptions } from './fake-source.js';
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
export { listen, type Recording, type Relay, startRelay } from './relay.js';
export { type ProtocolVector, testProtocol } from './test-protocol.js';
