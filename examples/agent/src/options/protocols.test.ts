// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { UsageError } from '../usage-error.js';
import { createProtocols, parseProtocols } from './protocols.js';

const namesOf = (text?: string) =>
  createProtocols(text === undefined ? undefined : parseProtocols('--protocols', text)).map(({ name }) => name);

describe('--protocols', () => {
  it('is all of them by default', () => {
    expect(namesOf()).toEqual(['http/2', 'redis', 'http/1.1', 'websocket', 'postgresql']);
  });

  it('restricts, and the order of the names does not matter', () => {
    expect(namesOf('http1')).toEqual(['http/1.1']);
    expect(namesOf('redis, postgres, websocket, http1, http2')).toEqual(namesOf());
  });

  it.each(['', 'http1,', 'http3', 'HTTP1'])('refuses %j', (text) => {
    expect(() => parseProtocols('--protocols', text)).toThrow(UsageError);
  });
});
