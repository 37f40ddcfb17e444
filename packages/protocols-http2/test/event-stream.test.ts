// SPDX-License-Identifier: Apache-2.0
import type { HttpResponse } from '@flowtap/core';
import { runParser, testProtocol } from '@flowtap/core/testing';
import { expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { data, headers, join, PREFACE, request, response as responseOf, settings } from './frames.js';

const messages = [
  { direction: 'egress', bytes: join(Buffer.from(PREFACE), settings(), headers(1, request('/events'), 'end')) },
  {
    direction: 'ingress',
    bytes: join(settings(), headers(1, responseOf(200, [['content-type', 'text/event-stream']]))),
  },
  { direction: 'ingress', bytes: join(data(1, 'id: 1\ndata: a\n', 'open'), data(1, '\ndata: b\n\n', 'open')) },
] as const;

test('the events of a stream are told as they come, and listed at its end', () => {
  const { announced, exchanges } = runParser(http2(), messages, { wantsUpdates: true });
  expect(announced[0]?.messages.map(({ content }) => content.text())).toEqual(['a', 'b']);
  const response = exchanges[0]?.response as HttpResponse | undefined;
  expect(response?.eventStream).toMatchObject({ eventCount: 2, events: [{ id: '1' }, { event: 'message' }] });
  testProtocol(http2(), [{ name: 'events', messages, verify: () => {} }]);
});
