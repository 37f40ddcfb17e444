// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { clientHelloBytes } from '../testing/client-hello-bytes.js';
import { pseudoRandomBytes } from '../testing/pseudo-random.js';
import { readClientHello } from './client-hello.js';

const FIELDS = { serverName: 'example.com', alpn: ['h2', 'http/1.1'] };

describe('readClientHello', () => {
  it('reads server name and offered protocols', () => {
    expect(readClientHello(clientHelloBytes(FIELDS))).toEqual({ status: 'found', hello: FIELDS });
  });

  it('finds neither where the client sent neither', () => {
    expect(readClientHello(clientHelloBytes())).toEqual({ status: 'found', hello: {} });
  });

  it('joins a message that is spread over many records', () => {
    for (let fragmentBytes = 1; fragmentBytes < 60; fragmentBytes += 1) {
      const bytes = clientHelloBytes({ ...FIELDS, fragmentBytes });
      expect(readClientHello(bytes), `${fragmentBytes}`).toEqual({ status: 'found', hello: FIELDS });
    }
  });

  it('asks for more for every proper prefix, and never for less than it has', () => {
    for (const fragmentBytes of [1, 50, 1000]) {
      const bytes = clientHelloBytes({ ...FIELDS, fragmentBytes });
      for (let length = 0; length < bytes.length; length += 1) {
        const result = readClientHello(bytes.subarray(0, length));
        expect(result.status, `${length}`).toBe('need-more');
        if (result.status === 'need-more') expect(result.bytes).toBeGreaterThan(length);
      }
    }
  });

  it('refuses other handshake messages and other bytes', () => {
    expect(readClientHello(clientHelloBytes({ handshakeType: 2 }))).toEqual({ status: 'none' });
    expect(readClientHello(Buffer.from('GET / HTTP/1.1\r\n'))).toEqual({ status: 'none' });
    expect(readClientHello(Buffer.from([23, 3, 3, 0, 1, 0]))).toEqual({ status: 'none' });
    expect(readClientHello(Buffer.from([22, 3, 3, 0, 0]))).toEqual({ status: 'none' });
  });

  it('leaves out reserved protocol names and server names that are no text', () => {
    const bytes = clientHelloBytes({ serverName: 'a\0b', alpn: ['\x0a\x0a', 'h2'] });
    expect(readClientHello(bytes)).toEqual({ status: 'found', hello: { alpn: ['h2'] } });
  });

  it('throws for no damaged byte and no noise', () => {
    const bytes = clientHelloBytes({ ...FIELDS, fragmentBytes: 40 });
    for (let index = 0; index < bytes.length; index += 1) {
      for (const value of [0, 1, 22, 127, 255]) {
        const damaged = Buffer.from(bytes);
        damaged[index] = value;
        expect(['found', 'need-more', 'none']).toContain(readClientHello(damaged).status);
      }
    }
    for (let seed = 1; seed < 200; seed += 1) {
      const noise = Buffer.concat([Buffer.from([22, 3, 1, 0, 200, 1, 0, 0, 150]), pseudoRandomBytes(seed, 400)]);
      expect(['found', 'need-more', 'none']).toContain(readClientHello(noise).status);
    }
  });
});
