// SPDX-License-Identifier: Apache-2.0
import type { ProtocolPlugin } from '@flowtap/core';
import { http1 } from '@flowtap/protocols-http1';
import { http2 } from '@flowtap/protocols-http2';
import { tapContender, writingTapContender } from '../tap-contender.js';
import type { Contender } from './contender.js';
import { flowtapParser } from './flowtap-parser.js';
import { flowtapHpack, npmHpack } from './hpack.js';
import { nodeHttpParser } from './node-http-parser.js';
import { npmHttp2 } from './npm-http2.js';

export const NODE = "Node's parser";
export const HPACK_JS = 'npm hpack.js';
export const NPM_HTTP2 = 'npm http2, frames and HPACK';
export const HPACK = 'Flowtap';
export const PARSER = 'Flowtap, parser';
export const FLOWS = 'Flowtap, events to flows';
export const JSON_LINES = 'Flowtap, events to JSON lines';

export type Protocol = 'http1' | 'http2';

const PLUGINS: Readonly<Record<Protocol, () => ProtocolPlugin>> = { http1: () => http1(), http2: () => http2() };

/** Everything that can be measured, by the name that the tables show. Those of Flowtap read what `protocol` is. */
const CONTENDERS: Readonly<Record<string, (protocol: Protocol) => Contender>> = {
  [NODE]: () => nodeHttpParser(),
  [HPACK_JS]: () => npmHpack(),
  [NPM_HTTP2]: () => npmHttp2(),
  [HPACK]: () => flowtapHpack(),
  [PARSER]: (protocol) => flowtapParser(PLUGINS[protocol]()),
  [FLOWS]: (protocol) => tapContender(PLUGINS[protocol](), () => []),
  [JSON_LINES]: (protocol) => writingTapContender(PLUGINS[protocol]()),
};

/** @throws Error for a name that is not there. */
export function makeContender(name: string, protocol: Protocol): Contender {
  const make = CONTENDERS[name];
  if (make === undefined) throw new Error(`there is no contender ${name}`);
  return make(protocol);
}
