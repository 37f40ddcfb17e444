// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import type { WebSocketMessage } from '@flowtap/core';
import { type ParserStep, pseudoRandomBytes, runParser, testProtocol } from '@flowtap/core/testing';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { websocket } from '../src/index.js';
import { messageLine, messagesOf, onlyExchange } from './outline.js';
import { type Recorded, record, say } from './ws-recording.js';

// A busy machine may need long for so many runs.
vi.setConfig({ testTimeout: 120_000 });

const DEFLATE = { threshold: 0 } as const;

const SETTINGS = {
  'without compression': undefined,
  'with permessage-deflate': DEFLATE,
  'with small windows': { ...DEFLATE, serverMaxWindowBits: 9, clientMaxWindowBits: 9 },
  'without context takeover': { ...DEFLATE, serverNoContextTakeover: true, clientNoContextTakeover: true },
} as const;

async function chat(client: WebSocket, server: WebSocket): Promise<void> {
  await say(client, server, 'hello', 'hello again', Buffer.from([1, 2, 3]));
  await say(server, client, 'hello to you', 'hello to you again', '');
  const [pinged, ponged] = [once(server, 'ping'), once(client, 'pong')];
  client.ping('are you there');
  await Promise.all([pinged, ponged]);
  const arrived = once(server, 'message');
  client.send('in ', { fin: false });
  client.send('several ', { fin: false });
  client.send('pieces', { fin: true });
  await arrived;
}

async function bulk(client: WebSocket, server: WebSocket): Promise<void> {
  for (let size = 100; size <= 200_000; size *= 6) {
    await say(client, server, 'words and words '.repeat(size / 16), pseudoRandomBytes(size, size));
    await say(server, client, `numbers ${size} `.repeat(size / 12));
  }
}

function linesBy(sender: WebSocketMessage['sender'], messages: readonly WebSocketMessage[]): readonly string[] {
  const prefix = `${sender} `;
  return messages
    .filter((message) => message.sender === sender)
    .map((message) => messageLine(message).slice(prefix.length));
}

describe.each(Object.keys(SETTINGS) as (keyof typeof SETTINGS)[])('what ws says %s', (setting) => {
  let short: Recorded;
  let large: Recorded;
  beforeAll(async () => {
    short = await record(SETTINGS[setting], chat);
    large = await record(SETTINGS[setting], bulk);
  });

  test('is what its programs heard, whole, byte by byte, at every split and with gaps at every place', () => {
    const { steps, upgraded } = short;
    testProtocol(websocket(), [
      {
        name: setting,
        messages: steps,
        upgraded,
        detects: false,
        verify: (run) => {
          expect(linesBy('client', messagesOf(run))).toEqual(short.client);
          expect(linesBy('server', messagesOf(run))).toEqual(short.server);
          const compressed = messagesOf(run).some((message) => message.compressed === true);
          expect(compressed).toBe(SETTINGS[setting] !== undefined);
          expect(onlyExchange(run)).toMatchObject({ complete: true, request: { target: '/socket?n=1' } });
          expect(run.counts).toEqual({});
        },
      },
    ]);
  });

  test('is right also when it is much', () => {
    const run = runParser(websocket(), large.steps, { upgraded: large.upgraded, limits: { maxBodyBytes: 1e7 } });
    expect(linesBy('client', messagesOf(run))).toEqual(large.client);
    expect(linesBy('server', messagesOf(run))).toEqual(large.server);
  });

  test('is never wrong when the capture begins in the middle or has gaps', () => {
    const limits = { maxBodyBytes: 1e7 };
    const truth = new Set([
      ...large.client.map((line) => `client ${line}`),
      ...large.server.map((line) => `server ${line}`),
    ]);
    const check = (steps: readonly ParserStep[], options: object) => {
      const { exchanges } = runParser(websocket(), steps, { limits, ...options });
      const messages = exchanges.flatMap((exchange) => exchange.messages as readonly WebSocketMessage[]);
      const whole = messages.filter(({ content }) => !content.truncated && content.contentEncoding === undefined);
      const wrong = whole.map(messageLine).filter((line) => !truth.has(line));
      expect(wrong).toEqual([]);
      return whole.length;
    };
    let found = 0;
    for (let at = 0; at < large.steps.length; at++) {
      const rest = large.steps.slice(at);
      found += check(rest, { joinedLate: true });
      found += check(rest, { joinedLate: true, connection: { role: 'client' } });
      const lost = large.steps[at];
      if (lost === undefined) continue;
      const hole = { direction: lost.direction, gapBytes: lost.bytes.length };
      const steps = [...large.steps.slice(0, at), hole, ...large.steps.slice(at + 1)];
      found += check(steps, { upgraded: large.upgraded });
    }
    expect(found).toBeGreaterThan(0);
  });
});
