// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import type { Duplex } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { Direction } from '@flowtap/core';
import type { Contender } from './contender.js';

/** What the package gives for a frame. */
interface Frame {
  readonly type: string;
  readonly data?: Buffer;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
}

interface Http2Package {
  readonly Deserializer: new (log: object, role: string) => Duplex;
  readonly Decompressor: new (log: object, type: string) => Duplex;
}

/** RFC 9113 §3.4: what a client sends first; the package takes it off before its frame parser. */
const PREFACE_BYTES = 24;

/** The package takes a logger that is asked for children. */
const silent: object = {
  child: () => silent,
  ...Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error', 'fatal'].map((level) => [level, () => {}])),
};

/** Frame parser and header decompression of the npm package `http2`: what comes before its streams and requests. */
export function npmHttp2(): Contender {
  const { Deserializer, Decompressor } = load();
  return (corpus) => async () => {
    const tally = { messages: 0, bodyBytes: 0, headers: 0 };
    const add = ({ type, data, headers }: Frame) => {
      if (type === 'DATA') tally.bodyBytes += data?.length ?? 0;
      if (headers === undefined) return;
      tally.messages += 1;
      for (const [field, value] of Object.entries(headers)) {
        if (!field.startsWith(':')) tally.headers += typeof value === 'string' ? 1 : value.length;
      }
    };
    for (const chunks of corpus.connections) {
      const sides: Record<Direction, Duplex> = {
        egress: new Deserializer(silent, 'CLIENT'),
        ingress: new Deserializer(silent, 'SERVER'),
      };
      const ends = (['egress', 'ingress'] as const).map((direction) => {
        const decompressor = new Decompressor(silent, direction === 'egress' ? 'REQUEST' : 'RESPONSE');
        return finished(sides[direction].pipe(decompressor).on('data', add));
      });
      let skip = PREFACE_BYTES;
      for (const { direction, bytes } of chunks) {
        const skipped = direction === 'egress' ? Math.min(skip, bytes.length) : 0;
        skip -= skipped;
        if (skipped < bytes.length) sides[direction].write(bytes.subarray(skipped));
      }
      sides.egress.end();
      sides.ingress.end();
      await Promise.all(ends);
    }
    return tally;
  };
}

function load(): Http2Package {
  const require = createRequire(import.meta.url);
  return { ...require('http2/lib/protocol/framer.js'), ...require('http2/lib/protocol/compressor.js') };
}
