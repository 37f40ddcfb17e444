// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { header, only, targets } from './support/flow.js';
import { run, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import { PythonServer, python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

describeLive('flowtap run -- curl', ['curl', 'openssl', 'nginx'], () => {
  test.each(schemes)('shows the one request over %s to Python, and curl is unchanged', async (scheme, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const url = server.url('/a?b=c').replace('127.0.0.1', 'localhost');

    const { status, stdout, stderr, flows, stats } = await run(scene, ['curl', '-sk', '-4', url]);

    expect(stdout).toMatch(/^id= target=\/a\?b=c bytes=0 sha256=e3b0c442\w+\n$/);
    expect(stderr).toMatch(/^flowtap: capturing curl.*\n(flowtap: .*\n)*$/);
    expect(status).toBe(0);
    const flow = only(flows);
    expect(flow).toMatchObject({
      schema: 1,
      kind: 'flow',
      protocol: 'http/1.1',
      scheme,
      tls,
      role: 'client',
      source: { address: '127.0.0.1', port: await server.clientPort('/a?b=c') },
      destination: { address: '127.0.0.1', port: server.port },
      process: { comm: 'curl', exe: expect.stringMatching(/\/curl$/) },
      request: { method: 'GET', target: '/a?b=c', authority: `localhost:${server.port}`, httpVersion: '1.1' },
      response: { status: 200, reason: 'OK', body: { size: stdout.length, truncated: false, text: stdout } },
      complete: true,
    });
    expect(flow).not.toHaveProperty('error');
    expect(flow).not.toHaveProperty('gaps');
    expect(stats).toMatchObject({ flows: 1, droppedEvents: 0, droppedBytes: 0, opaqueConnections: 0 });
  });

  test.each(schemes)('shows the one request over %s to nginx that sends no file by itself', async (scheme, tls) => {
    const content = 'A line of the file.\n'.repeat(500);
    const nginx = await Nginx.start(scene, {
      ...(tls ? { certificate } : {}),
      files: { 'file.txt': content },
      sendfile: false,
    });

    const { status, stdout, flows } = await run(scene, ['curl', '-sk', nginx.url('/file.txt?b=c')]);

    expect(status).toBe(0);
    expect(stdout).toBe(content);
    const { port } = await nginx.request('/file.txt?b=c');
    expect(only(flows)).toMatchObject({
      scheme,
      tls,
      role: 'client',
      source: { address: '127.0.0.1', port },
      destination: { address: '127.0.0.1', port: nginx.port },
      request: { method: 'GET', target: '/file.txt?b=c' },
      response: { status: 200, body: { size: content.length, captured: content.length, text: content } },
      complete: true,
    });
  });

  test('shows a body that curl sends, with Expect: 100-continue', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const content = 'Some content. '.repeat(5000);
    const { status, flows } = await run(scene, [
      ...['curl', '-sk', '--expect100-timeout', '5', '-H', 'Expect: 100-continue', '--data-binary', content],
      server.url('/upload?id=u'),
    ]);
    expect(status).toBe(0);
    expect(only(flows)).toMatchObject({
      request: { method: 'POST', body: { size: content.length, text: content } },
      response: { status: 200, body: { text: expect.stringContaining(`bytes=${content.length} `) } },
      complete: true,
    });
  });

  test.each(schemes)('shows chunked messages over %s without their framing', async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const { stdout, flows } = await run(scene, ['curl', '-sk', server.url('/chunked?count=50000')]);
    expect(stdout).toHaveLength(50_000);
    const flow = only(flows);
    expect(header(flow.response, 'transfer-encoding')).toBe('chunked');
    expect(flow).toMatchObject({ response: { body: { size: 50_000, text: stdout } }, complete: true });
  });

  test('passes on what curl says and its status when nobody listens', async () => {
    const server = await PythonServer.start(scene);
    const url = server.url('/');
    await server.program.stop();
    const { status, stdout, stderr, flows } = await run(scene, ['curl', '-sS', url]);
    expect(status).toBe(7);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/^curl: \(7\) /m);
    expect(flows).toEqual([]);
  });

  test('leaves stdin to the command', async () => {
    const server = await PythonServer.start(scene);
    const command = ['curl', '-s', '--data-binary', '@-', server.url('/?id=stdin')];
    const capture = await startRun(scene, command, [], { input: 'from stdin' });
    const { stdout, flows } = await capture.end();
    expect(stdout).toContain('bytes=10 ');
    expect(only(flows)).toMatchObject({ request: { body: { text: 'from stdin' } } });
  });

  test('prints the flows for people on stderr', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const { stdout, stderr } = await run(scene, ['curl', '-sk', server.url('/people')], ['--output', 'stdout']);
    expect(stdout).toMatch(/^id= target=\/people .*\n$/);
    expect(stderr).toMatch(/GET .*\/people/);
    expect(stderr).toContain('200');
  });
});

describeLive('flowtap run -- wget', ['wget'], () => {
  test('shows its plain request', async () => {
    const server = await PythonServer.start(scene);
    const { status, stdout, flows } = await run(scene, ['wget', '-q', '-O', '-', server.url('/wget?id=1')]);
    expect(status).toBe(0);
    expect(only(flows)).toMatchObject({
      tls: false,
      process: { comm: 'wget' },
      request: { target: '/wget?id=1' },
      response: { status: 200, body: { text: stdout } },
      complete: true,
    });
  });
});

describeLive('flowtap run -- python3 with requests', ['openssl', 'python:requests'], () => {
  test.each(schemes)('shows every request of a session over %s', async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const input = [
      `GET ${server.url('/first?id=1')}`,
      `POST ${server.url('/second?id=2')} a body`,
      `DELETE ${server.url('/third?id=3')}`,
    ];
    const capture = await startRun(scene, [python, pythonScript('client')], [], { input: `${input.join('\n')}\n` });
    const { status, stdout, flows } = await capture.end();
    expect(status).toBe(0);
    expect(targets(flows)).toEqual(['/first?id=1', '/second?id=2', '/third?id=3']);
    expect(flows[1]).toMatchObject({ request: { method: 'POST', body: { text: 'a body' } } });
    const answers = stdout.trimEnd().split('\n');
    const port = await server.clientPort('/first?id=1');
    flows.forEach((flow, index) => {
      const { text } = JSON.parse(answers[index] as string) as { text: string };
      expect(flow).toMatchObject({
        tls,
        role: 'client',
        source: { address: '127.0.0.1', port },
        process: { exe: expect.stringMatching(/python3/) },
        response: { status: 200, body: { text } },
        complete: true,
      });
    });
  });
});
