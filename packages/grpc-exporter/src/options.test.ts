// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { resolveConnectionOptions } from './options.js';

const pem = Buffer.from('pem');

describe('the address', () => {
  it.each([
    ['localhost:50052', 'dns:localhost:50052'],
    ['gui.localhost:1', 'dns:gui.localhost:1'],
    ['127.0.0.2:65535', 'ipv4:127.0.0.2:65535'],
    ['[::1]:50052', 'ipv6:[::1]:50052'],
    ['unix:/run/gui.sock', 'unix:/run/gui.sock'],
  ])('%s needs no TLS, for it is this host', (address, target) => {
    expect(resolveConnectionOptions({ address }).address).toEqual({ text: address, target, isLocal: true });
  });

  it.each(['example.org:443', '10.0.0.1:50052', '[2001:db8::1]:1', 'localhost.example.org:1', '128.0.0.1:1'])(
    '%s needs TLS, unless plaintext is asked for',
    (address) => {
      expect(() => resolveConnectionOptions({ address })).toThrow(
        `${address} is another host, and the flows would go there unencrypted. Use TLS, or allow plaintext`,
      );
      expect(resolveConnectionOptions({ address, tls: {} }).address.isLocal).toBe(false);
      expect(resolveConnectionOptions({ address, plaintext: true }).address.isLocal).toBe(false);
    },
  );

  it.each([
    '',
    'localhost',
    'localhost:',
    ':1',
    'localhost:0',
    'localhost:65536',
    '::1:50052',
    '[::1]',
    '[nine]:1',
    'a b:1',
    'unix:',
  ])('%j is none', (address) => {
    expect(() => resolveConnectionOptions({ address, plaintext: true })).toThrow('is not the address of a server');
  });
});

describe('the other options', () => {
  const address = 'localhost:1';

  it.each([
    [{ tls: { key: pem } }, 'Give both'],
    [{ tls: { certificate: pem } }, 'Give both'],
    [{ token: '' }, 'token is empty'],
    [{ token: 'two\nlines' }, 'token is empty, or has characters'],
    [{ callTimeoutMs: 0 }, 'callTimeoutMs cannot be 0. It is a whole number from 1'],
    [{ maxBodyBytes: 0.5 }, 'maxBodyBytes cannot be 0.5'],
  ])('%j is refused', (options, message) => {
    expect(() => resolveConnectionOptions({ address, ...options })).toThrow(message);
  });
});
