// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { bodyOf, exchangeFlow, opaqueFlow, requestOf, responseOf } from '../../test/sample-flows.js';
import { completenessOf } from './flow-completeness.js';

it('is whole when nothing is missing', () => {
  const flow = exchangeFlow({ request: requestOf({ body: bodyOf('abc') }), fdSource: 'set-fd' });
  expect(completenessOf(flow)).toEqual({
    isWhole: true,
    missing: [],
    request: { transferred: 3, captured: 3 },
    response: { transferred: 5, captured: 5 },
    gapBytes: { ingress: 0, egress: 0 },
    fdSource: 'set-fd',
  });
});

it('names everything that is missing, and counts the bytes', () => {
  const {
    request: _,
    source: __,
    ...flow
  } = exchangeFlow({
    response: responseOf({ body: bodyOf('abc', { size: 1000 }) }),
    complete: false,
    headersIncomplete: true,
    messagesLost: true,
    gaps: [
      { direction: 'ingress', offset: 0, bytes: 100, reason: 'ring-full' },
      { direction: 'ingress', offset: 500, bytes: 20, reason: 'zero-copy' },
      { direction: 'egress', offset: 0, bytes: 7, reason: 'unknown' },
    ],
  });
  expect(completenessOf(flow)).toEqual({
    isWhole: false,
    missing: ['request', 'end', 'headers', 'messages', 'addresses', 'body', 'bytes'],
    response: { transferred: 1000, captured: 3 },
    gapBytes: { ingress: 120, egress: 7 },
  });
});

it('lacks the plaintext of a connection that could not be read', () => {
  expect(completenessOf(opaqueFlow())).toMatchObject({ isWhole: false, missing: ['plaintext'] });
});
