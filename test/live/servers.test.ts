// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Agent, createServer, get } from 'node:http';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { CollectorServer } from '../../packages/grpc-exporter/test/support/collector-server.js';
import { GuiServer } from '../../packages/grpc-exporter/test/support/gui-server.js';
import { useCertificate } from './support/certificate.js';
import { attach, flowtap, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import { useScene } from './support/scene.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();

const REQUESTS = 2000;
const CONCURRENCY = 8;
/** Of the whole process, with Node.js, the eBPF side and 32 MiB of waiting flows. */
const MAX_MEMORY_KIB = 400 * 1024;

async function startGui(): Promise<GuiServer> {
  const gui = new GuiServer();
  scene.onClose(() => gui.kill());
  await gui.start();
  return gui;
}

/** Highest resident size so far. */
function peakMemoryKib(pid: number): number {
  return Number(/^VmHWM:\s*(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]);
}

describeLive('the desktop GUI', ['curl', 'openssl', 'nginx'], () => {
  test('gets the request while its response is not there yet, and then the response under the same id', async () => {
    const gui = await startGui();
    const server = createServer(async (_, response) => {
      await until('the GUI has the request', () => gui.flows.length === 1);
      response.end('at last');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    scene.onClose(() => void server.close());
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/slow`;
    const capture = await startRun(scene, ['curl', '-s', url], ['--output', `grpc:${gui.address}`]);
    expect(await capture.end()).toMatchObject({ status: 0, stdout: 'at last' });
    await until('the GUI has the response', () => gui.flows.length === 2);
    const [exchange] = gui.exchanges;
    expect(exchange?.request.http_request).toMatchObject({ method: 'GET', path: '/slow' });
    expect(exchange?.response?.http_response).toMatchObject({ status: 200, payload: 'at last' });
    expect(gui.agents).toEqual(['1.0.5']);
    expect(gui.violations).toEqual([]);
  });

  test('gets a gzip body as its text and a PNG as a line about it, over TLS', async () => {
    const gui = await startGui();
    // The signature and the first chunk of a PNG file, then noise.
    const head = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex');
    const picture = Buffer.concat([head, gzipSync('pixels')]);
    const nginx = await Nginx.start(scene, {
      certificate,
      files: { 'picture.png': picture, 'text.txt': 'readable '.repeat(500) },
      locations: 'gzip on; gzip_types text/plain; types { image/png png; text/plain txt; }',
    });
    const urls = [nginx.url('/text.txt'), nginx.url('/picture.png')];
    const command = [
      'curl',
      '-sk',
      '--compressed',
      '-o',
      scene.path('first'),
      urls[0] ?? '',
      '-o',
      scene.path('second'),
    ];
    const capture = await startRun(scene, [...command, urls[1] ?? ''], ['--output', `grpc:${gui.address}`]);
    await capture.end();
    await until('the GUI has both', () => gui.flows.length === 4);
    const [text, image] = gui.exchanges.map(({ response }) => response?.http_response);
    expect(text?.headers['Content-Encoding']).toEqual({ values: ['gzip'] });
    expect(text?.payload).toBe('readable '.repeat(500));
    expect(image?.payload).toBe(`[binary body: image/png, ${picture.length} bytes]`);
    expect(gui.violations).toEqual([]);
  });

  test(`is killed and restarted during ${REQUESTS} requests: each is received or counted, and the capture goes on`, async () => {
    const gui = await startGui();
    const nginx = await Nginx.start(scene);
    const capture = await attach(scene, ['--pid', nginx.pid, '--output', `grpc:${gui.address}`]);
    const agent = new Agent({ keepAlive: true, maxSockets: CONCURRENCY });
    scene.onClose(() => agent.destroy());
    let answered = 0;
    let allowed = 0;
    const request = (id: number) =>
      new Promise<void>((resolve, reject) => {
        get(nginx.url(`/echo?id=${id}`), { agent }, (response) => {
          answered += 1;
          response.resume().once('end', resolve);
        }).once('error', reject);
      });
    const requests = Promise.all(
      Array.from({ length: CONCURRENCY }, async (_, lane) => {
        for (let id = lane + 1; id <= REQUESTS; id += CONCURRENCY) {
          await until('more requests are allowed', () => id <= allowed);
          await request(id);
        }
      }),
    );
    for (const [restarts, share] of [0.3, 0.6].entries()) {
      allowed = share * REQUESTS;
      await until('some requests are answered', () => answered > allowed / 2);
      await gui.kill();
      await until('more requests are answered', () => answered === allowed);
      await gui.start();
      await until('the agent has greeted the GUI again', () => gui.agents.length === restarts + 2);
    }
    allowed = REQUESTS;
    await requests;
    await capture.flowCount(REQUESTS);
    const peakKib = peakMemoryKib(capture.program.pid);
    const { stats, flows } = await capture.stop();
    const lost = stats.exporters
      .filter(({ name }) => name.startsWith('grpc:'))
      .reduce((sum, { dropped, failed, queued }) => sum + dropped + failed + queued, 0);
    const received = gui.exchanges.filter(({ response }) => response !== undefined).length;
    expect({ captured: flows.length, accounted: received + lost }).toEqual({
      captured: REQUESTS,
      accounted: REQUESTS,
    });
    expect(gui.violations).toEqual([]);
    expect(peakKib).toBeLessThan(MAX_MEMORY_KIB);
  });
});

describeLive('a collector', ['curl'], () => {
  test('gets everything that is known of a flow', async () => {
    const collector = new CollectorServer();
    await collector.start();
    scene.onClose(() => collector.stop());
    const nginx = await Nginx.start(scene);
    const command = ['curl', '-s', nginx.url('/echo?id=7')];
    const capture = await startRun(scene, command, ['--output', `flowtap:127.0.0.1:${collector.port}`]);
    const { flows } = await capture.end();
    expect(collector.flows).toMatchObject([
      {
        id: flows[0]?.id,
        role: 'ROLE_CLIENT',
        destination: { address: '127.0.0.1', port: nginx.port },
        process: { comm: 'curl', exe: expect.stringMatching(/curl$/) },
        exchange: {
          complete: true,
          request: { httpRequest: { method: 'GET', target: '/echo?id=7' } },
          response: { httpResponse: { status: 200, body: { captured: Buffer.from('id=7 target=/echo?id=7\n') } } },
        },
      },
    ]);
  });
});

describeLive('servers on other hosts', [], () => {
  test.each([
    ['grpc:192.0.2.1:50052', [], 'give --tls, or --plaintext where nobody else can listen.'],
    ['flowtap:192.0.2.1', [], "flowtap: '192.0.2.1' is not the address of a server. Write host:port"],
    ['grpc:192.0.2.1:1', ['--tls', '--plaintext'], '--plaintext and --tls contradict each other'],
    ['grpc:192.0.2.1:1', ['--tls-ca', '/nowhere'], "--tls-ca: '/nowhere' cannot be read"],
    ['grpc:192.0.2.1:1', ['--tls-cert', '/etc/hostname'], '--tls-cert and --tls-key belong together'],
  ])('%s %j is refused before anything is attached', async (output, options, message) => {
    const { status, stderr } = await flowtap(scene, ['attach', '--pid', String(process.pid), '-o', output, ...options]);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });
});
