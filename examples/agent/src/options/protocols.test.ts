// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { UsageError } from '../usage-error.js';
import { createProtocols, parseProtocols } from './protocols.js';

async function namesOf(text?: string): Promise<readonly string[]> {
  const plugins = await createProtocols(text === undefined ? undefined : parseProtocols('--protocols', text));
  return plugins.map(({ name }) => name);
}

describe('--protocols', () => {
  it('is all of them by default', async () => {
    expect(await namesOf()).toEqual(['http/2', 'postgresql', 'mysql', 'redis', 'http/1.1', 'websocket']);
  });

  it('restricts, and the order of the names does not matter', async () => {
    expect(await namesOf('http1')).toEqual(['http/1.1']);
    expect(await namesOf('redis, mysql, postgres, websocket, http1, http2')).toEqual(await namesOf());
  });

  it.each(['', 'http1,', 'http3', 'HTTP1'])('refuses %j', (text) => {
    expect(() => parseProtocols('--protocols', text)).toThrow(UsageError);
  });
});
