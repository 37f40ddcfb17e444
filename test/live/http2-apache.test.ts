// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { Apache } from './support/apache.js';
import { useCertificate } from './support/certificate.js';
import { run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const content = 'A line of a file.\n'.repeat(2000);

describeLive('curl --http2 and Apache httpd', ['curl', 'openssl', 'apache2'], () => {
  test('over TLS, by ALPN', async () => {
    const apache = await Apache.start(scene, { 'a.txt': content }, certificate);
    const { flows } = await run(scene, ['curl', '-sk', '--http2', apache.url('/a.txt'), apache.url('/none')]);
    expect(flows.length).toBe(2);
    expect(flows[0]).toMatchObject({
      protocol: 'http/2',
      tls: true,
      request: { target: '/a.txt' },
      response: { status: 200, body: { text: content, truncated: false } },
      complete: true,
    });
    expect(flows[1]).toMatchObject({ request: { target: '/none' }, response: { status: 404 }, complete: true });
  });

  test('in the clear, by Upgrade: the request is answered in HTTP/2', async () => {
    const apache = await Apache.start(scene, { 'a.txt': content });
    const { flows } = await run(scene, ['curl', '-s', '--http2', apache.url('/a.txt')]);
    expect(flows.length).toBe(2);
    expect(flows[0]).toMatchObject({ protocol: 'http/1.1', request: { target: '/a.txt' }, response: { status: 101 } });
    expect(flows[1]).toMatchObject({
      protocol: 'http/2',
      tls: false,
      request: { method: 'GET', target: '/a.txt' },
      response: { status: 200, body: { text: content, truncated: false } },
      complete: true,
    });
  });
});
