// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import type { Contender, RunResult } from './contender.js';

/** The part of Node's internal parser (llhttp and its binding) that its own http module uses. */
interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(bytes: Buffer, offset?: number, length?: number): number | Error;
  finish(): number | Error | undefined;
  [callback: number]: unknown;
}

interface NodeParserClass {
  new (): NodeParser;
  readonly REQUEST: number;
  readonly RESPONSE: number;
  readonly kOnHeaders: number;
  readonly kOnHeadersComplete: number;
  readonly kOnBody: number;
  readonly kOnMessageComplete: number;
}

/** Every header list and every body is kept for its message, as a program that shows traffic would. */
interface NodeMessage {
  method: unknown;
  url: string;
  status: number;
  headers: string[];
  readonly chunks: Buffer[];
}

function loadParser(): NodeParserClass {
  const loaded: unknown = createRequire(import.meta.url)('node:_http_common');
  return (loaded as { HTTPParser: NodeParserClass }).HTTPParser;
}

class Tally implements RunResult {
  messages = 0;
  bodyBytes = 0;
  headers = 0;

  add(message: NodeMessage): void {
    this.messages += 1;
    this.headers += message.headers.length / 2;
    const body = message.chunks.length === 1 ? message.chunks[0] : Buffer.concat(message.chunks);
    this.bodyBytes += body?.length ?? 0;
  }
}

function makeParser(HttpParser: NodeParserClass, type: number, tally: Tally): NodeParser {
  const parser = new HttpParser();
  parser.initialize(type, {});
  let message: NodeMessage | undefined;
  const begin = (): NodeMessage => ({ method: 0, url: '', status: 0, headers: [], chunks: [] });
  parser[HttpParser.kOnHeaders] = (headers: string[], url: string) => {
    message ??= begin();
    message.headers.push(...headers);
    message.url += url;
  };
  parser[HttpParser.kOnHeadersComplete] = (
    _major: number,
    _minor: number,
    headers: string[] | undefined,
    method: unknown,
    url: string | undefined,
    status: number,
  ): number => {
    message ??= begin();
    message.method = method;
    message.status = status;
    if (headers !== undefined) message.headers = headers;
    if (url !== undefined) message.url = url;
    return 0;
  };
  parser[HttpParser.kOnBody] = (bytes: Buffer) => {
    // The bytes lie in the chunk that was given to `execute`, which is borrowed here as it is for everybody else.
    message?.chunks.push(Buffer.from(bytes));
  };
  parser[HttpParser.kOnMessageComplete] = () => {
    if (message !== undefined) tally.add(message);
    message = undefined;
  };
  return parser;
}

/** Node's own HTTP parser, one for each direction of a connection. */
export function nodeHttpParser(): Contender {
  const HttpParser = loadParser();
  return (corpus) => () => {
    const tally = new Tally();
    for (const chunks of corpus.connections) {
      const requests = makeParser(HttpParser, HttpParser.REQUEST, tally);
      const responses = makeParser(HttpParser, HttpParser.RESPONSE, tally);
      for (const { direction, bytes } of chunks) {
        const result = (direction === 'egress' ? requests : responses).execute(bytes);
        if (result instanceof Error) throw result;
      }
      requests.finish();
      responses.finish();
    }
    return tally;
  };
}
