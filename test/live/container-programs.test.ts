// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { DrivenClient } from './matrix/driven-client.js';
import { makeImage } from './support/container-image.js';
import { containerNeeds, TOOLS, useContainers } from './support/containers.js';
import { type Flow, only } from './support/flow.js';
import { buildGo } from './support/go.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';
import { testProgram } from './support/test-programs.js';

const staticClient = fileURLToPath(new URL('./support/c/static_client.c', import.meta.url));

const pythonRequest = (url: string) =>
  `import ssl, urllib.request as r; r.urlopen("${url}", context=ssl._create_unverified_context()).read()`;

const nodeRequest = (url: string) =>
  `require("https").get("${url}", { rejectUnauthorized: false }, (response) => response.resume())`;

const needs = [...containerNeeds, 'go:system', 'cc', testProgram('node-22/bin/node'), testProgram('bullseye/usr/bin')];

describeLive('a container that is made and started after the command shows its first request', needs, () => {
  const scene = useScene();
  const { containers, urls } = useContainers(scene, (engine) => {
    makeImage(engine, 'busybox:1', { copies: { '/bin/busybox': '/bin/busybox' } });
    const program = engine.path('static-client');
    execFileSync('cc', ['-static', '-o', program, staticClient, '-lssl', '-lcrypto'], { stdio: 'ignore' });
    makeImage(engine, 'static:1', { copies: { '/client': program } });
    makeImage(engine, 'go:1', { copies: { '/client': buildGo('client') } });
    makeImage(engine, 'unusual:1', {
      programs: ['/usr/bin/curl'],
      moves: { '/opt/vendor/tls/libssl.so.3': '/lib/x86_64-linux-gnu/libssl.so.3' },
      changes: ['ENV LD_LIBRARY_PATH=/opt/vendor/tls:/lib/x86_64-linux-gnu:/usr/lib/x86_64-linux-gnu'],
      hasNoCache: true,
    });
    makeImage(engine, 'two:1', {
      programs: ['/usr/bin/curl', '/bin/sh'],
      copies: { '/opt/bullseye': testProgram('bullseye') },
    });
    makeImage(engine, 'node:1', {
      programs: [testProgram('node-22/bin/node')],
      moves: { '/usr/local/bin/node': testProgram('node-22/bin/node') },
      changes: ['ENTRYPOINT ["node"]'],
    });
  });

  /** Makes the container, waits for the capture to know it, runs it and gives its flows. */
  async function flowsOf(count: number, ...args: readonly string[]): Promise<readonly Flow[]> {
    const capture = await containers.attach('--container', 'wanted', '--container', 'after');
    await containers.create('wanted', ...args);
    // The engine tells in order, so what was made before this one has been looked at when this one's request is seen.
    await containers.run('after', TOOLS, 'curl', '-sk', `${urls.server}/after?id=1`);
    await capture.flowCount(1);
    await containers.engine().run('start', '--attach', 'wanted');
    const flows = await capture.flowCount(1 + count);
    return flows.filter(({ container }) => container?.name === 'wanted');
  }

  const expectWhole = {
    ...{ role: 'client', complete: true, container: { name: 'wanted' } },
    response: { status: 200 },
  };

  test('with curl and the usual libssl', async () => {
    const flow = only(await flowsOf(1, TOOLS, 'curl', '-sk', `${urls.server}/curl?id=1`));
    expect(flow).toMatchObject({ ...expectWhole, tls: true, request: { target: '/curl?id=1' } });
  });

  test('with busybox, which is static and needs nothing else in its image', async () => {
    const flow = only(await flowsOf(1, 'busybox:1', '/bin/busybox', 'wget', '-qO-', `${urls.plain}/busybox?id=1`));
    expect(flow).toMatchObject({ ...expectWhole, tls: false, request: { target: '/busybox?id=1' } });
  });

  test('with a static program that has OpenSSL inside', async () => {
    const port = new URL(urls.server).port;
    const flow = only(await flowsOf(1, '--network', 'container:server', 'static:1', '/client', port));
    expect(flow).toMatchObject({ ...expectWhole, tls: true, request: { target: '/static?id=1' } });
  });

  test('with libssl at an unusual place that no cache of the linker names', async () => {
    const flow = only(await flowsOf(1, 'unusual:1', 'curl', '-sk', `${urls.server}/unusual?id=1`));
    expect(flow).toMatchObject({ ...expectWhole, tls: true, request: { target: '/unusual?id=1' } });
  });

  test('with two versions of libssl', async () => {
    const root = '/opt/bullseye';
    const libraries = `${root}/lib/x86_64-linux-gnu:${root}/usr/lib/x86_64-linux-gnu`;
    const python = `${root}/lib/x86_64-linux-gnu/ld-2.31.so --library-path ${libraries} ${root}/usr/bin/python3.9`;
    const request = pythonRequest(`${urls.server}/two?id=2`);
    const script = `curl -sk '${urls.server}/two?id=1'; PYTHONHOME=${root}/usr ${python} -c '${request}'`;
    const flows = await flowsOf(2, 'two:1', 'sh', '-c', script);
    expect(flows).toMatchObject([
      { ...expectWhole, tls: true, request: { target: '/two?id=1' } },
      { ...expectWhole, tls: true, request: { target: '/two?id=2' } },
    ]);
  });

  test('with a Go program and nothing else', async () => {
    const capture = await containers.attach('--container', 'wanted');
    const run = ['run', '--rm', '--interactive', '--name', 'wanted', 'go:1', '/client'];
    const client = new DrivenClient(await containers.interactive(...run));
    await client.ready();
    await client.ask({ method: 'GET', url: `${urls.server}/go?id=1` });
    client.program.closeInput();
    expect(only(await capture.flowCount(1))).toMatchObject({
      ...{ ...expectWhole, tls: true, fdSource: 'go', request: { target: '/go?id=1' } },
    });
  });

  test('with Node.js, which has OpenSSL inside', async () => {
    const flow = only(await flowsOf(1, 'node:1', '-e', nodeRequest(`${urls.server}/node?id=1`)));
    expect(flow).toMatchObject({ ...expectWhole, tls: true, request: { target: '/node?id=1' } });
  });

  test('with Python', async () => {
    const flow = only(await flowsOf(1, TOOLS, 'python3', '-c', pythonRequest(`${urls.server}/python?id=1`)));
    expect(flow).toMatchObject({ ...expectWhole, tls: true, request: { target: '/python?id=1' } });
  });
});
