// SPDX-License-Identifier: Apache-2.0
import { strictEqual } from 'node:assert/strict';
import { describe, expect, it } from 'vitest';
import type { ProtocolParser, ProtocolPlugin, StreamChunk } from '../parsing/protocol-plugin.js';
import { lineProtocol } from './line-protocol.js';
import { type ProtocolVector, testProtocol } from './test-protocol.js';

const VECTORS: readonly ProtocolVector[] = [
  {
    name: 'two exchanges',
    messages: [
      { direction: 'ingress', bytes: 'ASK one\nASK two\n' },
      { direction: 'egress', bytes: 'SAY 1\nSAY 2\n' },
    ],
    verify: ({ exchanges }) => strictEqual(exchanges.length, 2),
  },
  {
    name: 'handover with bytes behind it',
    messages: [
      { direction: 'ingress', bytes: 'ASK x\n' },
      { direction: 'egress', bytes: 'SAY become other\nrest' },
    ],
    verify: ({ handover }) => strictEqual(handover?.rest.egress, 'rest'),
  },
  {
    name: 'something else',
    messages: [{ direction: 'ingress', bytes: 'HELLO\n' }],
    detects: false,
    verify: ({ exchanges }) => strictEqual(exchanges.length, 0),
  },
];

/** The line protocol with one method of its parser replaced. */
function broken(change: (parser: ProtocolParser) => Partial<ProtocolParser>): ProtocolPlugin {
  const plugin = lineProtocol();
  return {
    ...plugin,
    createParser: (context) => {
      const parser = plugin.createParser(context);
      const changed = change(parser);
      return {
        data: changed.data ?? ((chunk) => parser.data(chunk)),
        gap: changed.gap ?? ((gap) => parser.gap(gap)),
        close: changed.close ?? ((reason, timestampNs) => parser.close(reason, timestampNs)),
      };
    },
  };
}

describe('testProtocol', () => {
  it('passes a protocol that keeps the contract', () => {
    testProtocol(lineProtocol(), VECTORS);
  });

  it('finds a parser whose result depends on how the bytes were cut', () => {
    const plugin = broken((parser) => ({
      data: (chunk) => {
        if (chunk.bytes.length > 1) parser.data(chunk);
      },
    }));
    expect(() => testProtocol(plugin, VECTORS)).toThrow(/\[two exchanges, byte by byte\]/);
  });

  it('finds a parser that keeps borrowed bytes', () => {
    const plugin = broken((parser) => {
      const kept: StreamChunk[] = [];
      return {
        data: (chunk) => void kept.push(chunk),
        close: (reason, timestampNs) => {
          for (const chunk of kept) parser.data(chunk);
          parser.close(reason, timestampNs);
        },
      };
    });
    expect(() => testProtocol(plugin, VECTORS)).toThrow(/\[two exchanges, whole\]/);
  });

  it('finds a parser that throws after a gap', () => {
    const plugin = broken(() => ({
      gap: () => {
        throw new Error('gap');
      },
    }));
    expect(() => testProtocol(plugin, VECTORS)).toThrow(/gap at 0/);
  });

  it('finds a parser that keeps what never ends', () => {
    const plugin = broken((parser) => {
      let kept = '';
      return {
        data: (chunk) => {
          parser.data(chunk);
          kept += chunk.bytes.toString('latin1');
        },
        close: (reason, timestampNs) => parser.close(kept === '' ? 'end' : reason, timestampNs),
      };
    });
    expect(() => testProtocol(plugin, VECTORS)).toThrow(/flood\] when .* the parser keeps \d+ of \d+ bytes/);
  });

  it('finds a parser that hands out more than the limits allow', () => {
    const plugin = lineProtocol();
    const large = 'y'.repeat(200_000);
    const generous: ProtocolPlugin = {
      ...plugin,
      createParser: (context) =>
        plugin.createParser({ ...context, emit: (exchange) => context.emit({ ...exchange, request: large }) }),
    };
    expect(() => testProtocol(generous, VECTORS)).toThrow(/flood\] when .* an exchange has \d+ bytes/);
  });

  it('finds a detect that is not pure', () => {
    let calls = 0;
    const plugin: ProtocolPlugin = { ...lineProtocol(), detect: () => (++calls % 2 === 0 ? 'match' : 'no-match') };
    expect(() => testProtocol(plugin, VECTORS)).toThrow(/same bytes/);
  });

  it('finds a detect that never has enough', () => {
    const plugin: ProtocolPlugin = { ...lineProtocol(), detect: () => 'need-more' };
    expect(() => testProtocol(plugin, VECTORS)).toThrow(/detect/);
  });
});
