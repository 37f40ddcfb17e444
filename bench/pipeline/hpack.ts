// SPDX-License-Identifier: Apache-2.0
import { HpackDecoder } from '@flowtap/protocols-http2/hpack';
import hpackJs from 'hpack.js';
import type { Contender } from './contender.js';
import type { Corpus } from './corpus.js';

/** Header blocks as a corpus: a connection is one table. */
export function blockCorpus(name: string, connections: readonly (readonly Buffer[])[]): Corpus {
  const blocks = connections.flat();
  const bytes = blocks.reduce((sum, block) => sum + block.length, 0);
  return {
    name,
    description: `${blocks.length / connections.length} block${blocks.length > connections.length ? 's' : ''} a connection, ${Math.round(bytes / blocks.length)} bytes each`,
    connections: connections.map((list) => list.map((block) => ({ direction: 'egress', bytes: block }))),
    messages: blocks.length,
    bytes,
  };
}

export function flowtapHpack(): Contender {
  return (corpus) => () => {
    let headers = 0;
    for (const blocks of corpus.connections) {
      const decoder = new HpackDecoder(false);
      for (const { bytes } of blocks) headers += decoder.decode(bytes, 0, bytes.length, 65_536).headers.length;
    }
    return { messages: corpus.messages, headers, bodyBytes: 0 };
  };
}

export function npmHpack(): Contender {
  return (corpus) => () => {
    let headers = 0;
    for (const blocks of corpus.connections) {
      const decompressor = hpackJs.decompressor.create({ table: { maxSize: 4096 } });
      for (const { bytes } of blocks) {
        decompressor.write(bytes);
        decompressor.execute();
        while (decompressor.read() !== null) headers += 1;
      }
    }
    return { messages: corpus.messages, headers, bodyBytes: 0 };
  };
}
