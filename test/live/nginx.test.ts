// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { readEventLog } from './support/events.js';
import { header, targets } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';
import { until } from './support/until.js';

const scene = useScene();
const certificate = useCertificate();

function children(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
}

describeLive('nginx with a master and two workers', ['curl', 'nginx', 'openssl'], () => {
  test.each(schemes)('over %s shows each request once, by the worker that answered it', async (_, tls) => {
    const nginx = await Nginx.start(scene, tls ? { certificate } : {});
    const capture = await attach(scene, ['--pid', nginx.pid]);
    const wanted = Array.from({ length: 40 }, (_, index) => `/echo?id=${index + 1}`);
    // A connection for each, so that both workers get some.
    await scene.run('curl', ['-sk', '-H', 'Connection: close', nginx.url('/echo?id=[1-40]')]);
    await capture.flowCount(wanted.length);
    const { flows, stats } = await capture.stop();

    expect(targets(flows)).toEqual(wanted);
    for (const flow of flows) {
      const target = flow.request?.target as string;
      const logged = await nginx.request(target);
      expect(flow).toMatchObject({
        tls,
        role: 'server',
        source: { address: logged.client, port: logged.port },
        destination: { address: '127.0.0.1', port: nginx.port },
        process: { pid: logged.worker, comm: 'nginx' },
        response: { status: 200, body: { text: expect.stringContaining(`target=${target}\n`) } },
        complete: true,
      });
      expect(`id=${header(flow.response, 'x-id')} target=${target}\n`).toBe(flow.response?.body.text);
    }
    expect(stats).toMatchObject({ droppedEvents: 0, droppedBytes: 0 });
  });

  test.each(schemes)('over %s shows a file read and written by writev or TLS', async (_, tls) => {
    const content = 'Written by nginx itself.\n'.repeat(4000);
    const nginx = await Nginx.start(scene, {
      ...(tls ? { certificate } : {}),
      sendfile: false,
      files: { 'file.txt': content },
    });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    await scene.run('curl', ['-sk', nginx.url('/file.txt')]);
    const [flow] = await capture.flowCount(1);
    expect(flow).toMatchObject({
      response: { body: { size: content.length, captured: content.length, truncated: false, text: content } },
      complete: true,
    });
    expect(flow).not.toHaveProperty('gaps');
  });

  test('over http shows a file sent by sendfile as a gap of its size', async () => {
    const content = 'Sent by the kernel.\n'.repeat(10_000);
    const nginx = await Nginx.start(scene, { sendfile: true, files: { 'file.txt': content } });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    // What follows on the same connection must still be understood.
    await scene.run('curl', ['-s', nginx.url('/file.txt'), nginx.url('/echo?id=after')]);
    const flows = await capture.flowCount(2);

    expect(targets(flows)).toEqual(['/file.txt', '/echo?id=after']);
    const [file, after] = flows;
    expect(file).toMatchObject({
      request: { target: '/file.txt' },
      response: { status: 200, body: { size: content.length, captured: 0, truncated: true } },
      complete: true,
    });
    const gaps = file?.gaps ?? [];
    expect(gaps.length).toBeGreaterThan(0);
    for (const gap of gaps) expect(gap).toMatchObject({ direction: 'egress', reason: 'zero-copy' });
    expect(gaps.reduce((sum, gap) => sum + gap.bytes, 0)).toBe(content.length);
    expect(after).toMatchObject({ response: { body: { text: 'id=after target=/echo?id=after\n' } }, complete: true });
    expect(after).not.toHaveProperty('gaps');
    const logged = await nginx.request('/file.txt');
    expect(logged.sent).toBeGreaterThan(content.length);
  });

  test('over https shows a file in full although sendfile is on', async () => {
    const content = 'Encrypted by nginx.\n'.repeat(10_000);
    const nginx = await Nginx.start(scene, { certificate, sendfile: true, files: { 'file.txt': content } });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    await scene.run('curl', ['-sk', nginx.url('/file.txt')]);
    const [flow] = await capture.flowCount(1);
    expect(flow).toMatchObject({ response: { body: { size: content.length, text: content } }, complete: true });
  });

  test('shows the requests of workers that a reload has started', async () => {
    const nginx = await Nginx.start(scene, { certificate });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    const before = children(nginx.pid);
    nginx.program.signal('SIGHUP');
    const after = await until('all workers are new', () => {
      const now = children(nginx.pid);
      return now.length === before.length && now.every((pid) => !before.includes(pid)) && now;
    });
    await scene.run('curl', ['-sk', '-H', 'Connection: close', nginx.url('/echo?id=[1-10]')]);
    const flows = await capture.flowCount(10);
    expect(targets(flows)).toEqual(Array.from({ length: 10 }, (_, index) => `/echo?id=${index + 1}`));
    for (const flow of flows) {
      expect(flow).toMatchObject({ tls: true, role: 'server', complete: true });
      expect(after).toContain(flow.process.pid);
    }
  });

  test('transfers on each connection what it logs itself, captured or in a gap', async () => {
    const content = 'Sent by the kernel.\n'.repeat(20_000);
    const nginx = await Nginx.start(scene, { sendfile: true, files: { 'file.txt': content } });
    const log = scene.path('nginx.flowlog');
    const capture = await attach(scene, ['--pid', nginx.pid, '--record', log]);
    const curl = ['-s', nginx.url('/echo?id=[1-5]'), nginx.url('/file.txt'), nginx.url('/echo?id=6')];
    for (let round = 0; round < 3; round++) await scene.run('curl', curl);
    await capture.flowCount(21);
    await capture.stop();

    const logged = new Map<number, { received: number; sent: number }>();
    for (const { port, received, sent } of nginx.requests()) {
      const sum = logged.get(port) ?? { received: 0, sent: 0 };
      logged.set(port, { received: sum.received + received, sent: sum.sent + sent });
    }
    const connections = await readEventLog(log);
    expect(connections).toHaveLength(3);
    for (const connection of connections) {
      const ingress = connection.stream('raw', 'ingress');
      const egress = connection.stream('raw', 'egress');
      expect({ received: ingress.delivered, sent: egress.delivered + egress.lost }).toEqual(
        logged.get(connection.remotePort ?? 0),
      );
      expect({ ingress: ingress.lost, egress: egress.lost }).toEqual({ ingress: 0, egress: content.length });
    }
  });

  test('shows the status and the lengths that nginx logs', async () => {
    const nginx = await Nginx.start(scene, { sendfile: false, files: { 'a.txt': 'abc' } });
    const capture = await attach(scene, ['--pid', nginx.pid]);
    await scene.run('curl', ['-s', '-I', nginx.url('/a.txt'), nginx.url('/none')]);
    await scene.run('curl', ['-s', '-H', 'If-None-Match: *', '-H', 'Range: bytes=1-1', nginx.url('/a.txt?range')]);
    const flows = await capture.flowCount(3);
    for (const flow of flows) {
      const logged = await nginx.request(flow.request?.target as string);
      expect(flow).toMatchObject({ response: { status: logged.status }, complete: true });
    }
    expect(flows[0]).toMatchObject({ request: { method: 'HEAD' }, response: { status: 200, body: { size: 0 } } });
    expect(flows[1]).toMatchObject({ request: { method: 'HEAD' }, response: { status: 404, body: { size: 0 } } });
  });
});
