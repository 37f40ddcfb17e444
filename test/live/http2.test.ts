// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { header, parseJsonLines, targets } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import { NodeHttp2 } from './support/node-http2.js';
import { python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

/** Header lines that `curl -v` shows behind `< ` or `> `. */
function headersShown(verbose: string, mark: '<' | '>'): readonly (readonly [string, string])[] {
  return verbose.split('\n').flatMap((line): readonly (readonly [string, string])[] => {
    const match = new RegExp(`^${mark} ([^:]+): (.*)\\r?$`).exec(line.trimEnd());
    return match === null ? [] : [[match[1]?.toLowerCase() ?? '', match[2] ?? '']];
  });
}

describeLive('curl --http2 and nginx over TLS', ['curl', 'nginx', 'openssl'], () => {
  test('is one flow with the headers that curl shows, and the whole body', async () => {
    const content = 'A line of a file of some size.\n'.repeat(10_000);
    const nginx = await Nginx.start(scene, { certificate, http2: true, files: { 'x.txt': content } });
    const url = nginx.url('/x.txt?y=1');
    const { flows, stderr } = await run(scene, ['curl', '-skv', '--http2', '-H', 'X-Own: 1', '-o', '/dev/null', url]);

    expect(flows.length).toBe(1);
    const [flow] = flows;
    expect(flow).toMatchObject({
      protocol: 'http/2',
      scheme: 'https',
      tls: true,
      role: 'client',
      destination: { address: '127.0.0.1', port: nginx.port },
      process: { comm: 'curl' },
      request: { method: 'GET', target: '/x.txt?y=1', authority: `127.0.0.1:${nginx.port}`, httpVersion: '2' },
      response: { status: 200, body: { size: content.length, truncated: false, text: content } },
      complete: true,
    });
    // curl shows :authority as Host.
    const sent = headersShown(stderr, '>').filter(([name]) => name !== 'host');
    expect(flow?.request?.headers).toEqual(sent);
    expect(flow?.response?.headers).toEqual(headersShown(stderr, '<'));
    expect(sent.length).toBeGreaterThan(2);
  });

  test('a HEAD, a missing file and what follows them on the connection', async () => {
    const nginx = await Nginx.start(scene, { certificate, http2: true, files: { 'f.txt': 'file' } });
    const { flows } = await run(scene, [
      ...['curl', '-skI', '--http2', nginx.url('/f.txt')],
      ...['--next', '-sk', '--http2', nginx.url('/none'), nginx.url('/echo?id=3')],
    ]);
    expect(targets(flows)).toEqual(['/f.txt', '/none', '/echo?id=3']);
    const [head, missing, echo] = flows;
    expect(head).toMatchObject({ request: { method: 'HEAD' }, response: { status: 200, body: { size: 0 } } });
    expect(header(head?.response, 'content-length')).toBe('4');
    expect(missing).toMatchObject({ response: { status: 404 } });
    expect(echo).toMatchObject({ response: { status: 200, body: { text: 'id=3 target=/echo?id=3\n' } } });
    for (const flow of flows) expect(flow).toMatchObject({ complete: true, connectionId: head?.connectionId });
  });
});

describeLive('nghttp2 clients and nginx over TLS', ['curl', 'nginx', 'openssl', 'nghttp', 'h2load'], () => {
  test('h2load with 100 streams on each of 10 connections: a flow for each request', async () => {
    const nginx = await Nginx.start(scene, { certificate, http2: true });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    const { stdout } = await scene.run('h2load', ['-n', '2000', '-c', '10', '-m', '100', nginx.url('/echo?id=7')]);
    expect(stdout).toContain('2000 succeeded');
    await capture.flowCount(2000);
    const { flows, stats } = await capture.stop();
    expect(flows.length).toBe(2000);
    expect(stats).toMatchObject({ droppedEvents: 0, gaps: 0 });
    for (const flow of flows) {
      expect(flow).toMatchObject({
        protocol: 'http/2',
        role: 'server',
        request: { method: 'GET', target: '/echo?id=7' },
        response: { status: 200, body: { text: 'id=7 target=/echo?id=7\n' } },
        complete: true,
      });
      expect(header(flow.response, 'x-id')).toBe('7');
      expect(flow).not.toHaveProperty('headersIncomplete');
    }
  });

  test('nghttp with priorities, padding and several streams', async () => {
    const nginx = await Nginx.start(scene, { certificate, http2: true });
    const wanted = ['/echo?id=1', '/echo?id=2', '/echo?id=3'];
    const { flows } = await run(scene, ['nghttp', '-n', '--padding=64', ...wanted.map((target) => nginx.url(target))]);
    expect([...targets(flows)].sort()).toEqual(wanted);
    for (const flow of flows) {
      expect(flow).toMatchObject({ protocol: 'http/2', response: { status: 200 }, complete: true });
      expect(flow.response?.body.text).toContain(`target=${flow.request?.target}`);
    }
  });
});

describeLive(
  "Python's httpx, which uses h2, and nginx over TLS",
  ['nginx', 'openssl', 'python:httpx', 'python:h2'],
  () => {
    test('streams at once on one connection: a flow for each, with the answer that the program got', async () => {
      const nginx = await Nginx.start(scene, { certificate, http2: true });
      const wanted = Array.from({ length: 20 }, (_, i) => (i % 5 === 4 ? `/none?id=${i}` : `/echo?id=${i}`));
      const command = [python, pythonScript('httpx_http2'), ...wanted.map((target) => nginx.url(target))];
      const { flows, stdout } = await run(scene, command);
      const answers = parseJsonLines<{ target: string; version: string; status: number; text: string }>(stdout);
      expect([...targets(flows)].sort()).toEqual([...wanted].sort());
      for (const { target, version, status, text } of answers) {
        expect(version).toBe('HTTP/2');
        expect(flows.find(({ request }) => request?.target === target)).toMatchObject({
          protocol: 'http/2',
          tls: true,
          role: 'client',
          connectionId: flows[0]?.connectionId,
          response: { status, body: { text } },
          complete: true,
        });
      }
    });
  },
);

describeLive('Node.js with HTTP/2 on both ends', ['openssl'], () => {
  test.each(schemes)('over %s: client and server show the same exchanges', async (scheme, tls) => {
    const pair = await NodeHttp2.start(scene, tls ? certificate : undefined);
    const server = await attach(scene, ['--pid', pair.server.pid]);
    const client = await attach(scene, ['--pid', pair.client.pid]);
    const asked = [];
    for (let i = 0; i < 20; i++) {
      asked.push(await pair.ask(i % 4 === 3 ? `POST /post?n=${i} 70000` : `GET /${i % 5 ? 'get' : 'missing'}?n=${i}`));
    }
    for (const [role, capture] of [
      ['server', server],
      ['client', client],
    ] as const) {
      const flows = await capture.flowCount(20);
      for (const [i, { method, path, sent, status, body }] of asked.entries()) {
        expect(flows[i]).toMatchObject({
          protocol: 'http/2',
          scheme,
          tls,
          role,
          request: { method, target: path, body: { size: sent } },
          response: { status, body: { text: body } },
          complete: true,
        });
      }
    }
  });
});
