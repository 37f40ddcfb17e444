// SPDX-License-Identifier: Apache-2.0
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { FakeConnection, listen, recordEvents } from '@flowtap/core/testing';
import { expect, test } from 'vitest';
import { parseJsonLines } from './support/flow.js';
import { attach, flowtap, run, startRun } from './support/flowtap.js';
import { freePort } from './support/free-port.js';
import { startMemcached } from './support/memcached.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const nodeScript = (name: string) => fileURLToPath(new URL(`./support/node/${name}.mjs`, import.meta.url));
const memcachedPlugin = fileURLToPath(new URL('../../examples/custom-protocol/dist/index.js', import.meta.url));
const webhookPlugin = fileURLToPath(new URL('../../examples/custom-exporter/dist/index.js', import.meta.url));

/** What the client printed of a command. */
interface Asked {
  readonly line: string;
  readonly value?: string;
  readonly status: string;
  readonly item?: string;
}

interface MemcachedFlow {
  readonly protocol: string;
  readonly complete: boolean;
  readonly request?: {
    readonly command: string;
    readonly words: readonly string[];
    readonly value?: { text?: string };
  };
  readonly response?: { readonly status: string; readonly items: readonly { readonly value: { text?: string } }[] };
}

/** A flow in the words of the client. `nonsense` is no command, so that the parser knows nothing of it. */
function asAsked(flow: unknown): Asked {
  const { request, response } = flow as MemcachedFlow;
  const item = response?.items[0]?.value.text;
  return {
    line: [request?.command, ...(request?.words ?? [])].join(' '),
    ...(request?.value?.text === undefined ? {} : { value: request.value.text }),
    status: response?.status ?? '',
    ...(item === undefined ? {} : { item }),
  };
}

describeLive('a protocol plugin', ['memcached'], () => {
  test('shows what a client asked of a real memcached, on both sides', async () => {
    const port = await freePort();
    const server = await startMemcached(scene, port);
    const capture = await attach(scene, ['--pid', server.pid, '--plugin', memcachedPlugin]);
    const client = [process.execPath, nodeScript('memcache-client'), String(port)];
    const { flows, stdout, status } = await run(scene, client, ['--plugin', memcachedPlugin]);
    expect(status).toBe(0);
    const asked = parseJsonLines<Asked>(stdout);
    expect(asked).toHaveLength(112);
    const known = asked.filter(({ line }) => line !== 'nonsense');
    expect(flows.every(({ protocol, complete }) => protocol === 'memcached' && complete)).toBe(true);
    expect(flows.map(asAsked)).toEqual([...known, { line: 'quit', status: '' }]);
    expect((await capture.flowCount(known.length + 1)).map(asAsked)).toEqual(flows.map(asAsked));
  });
});

describeLive('an exporter plugin', ['curl'], () => {
  test('gets the flows that the other outputs get', async () => {
    const posted: string[] = [];
    const server = createServer(async (request, response) => {
      if (request.method === 'POST') posted.push(...(await text(request)).split('\n').slice(0, -1));
      response.end('here');
    });
    const address = `http://127.0.0.1:${await listen(server)}`;
    scene.onClose(() => void server.close());
    const env = { ...cleanEnvironment, WEBHOOK_URL: `${address}/flows` };
    const curl = ['curl', '-s', `${address}/one`, `${address}/two`];
    const capture = await startRun(scene, curl, ['--plugin', webhookPlugin], { env, input: '' });
    const { flows, stats, status } = await capture.end();
    expect(status).toBe(0);
    expect(flows.map(({ request }) => request?.target)).toEqual(['/one', '/two']);
    expect(posted.map((line) => JSON.parse(line))).toEqual(flows);
    expect(stats.exporters.map(({ name }) => name)).toContain(`webhook:${address.slice('http://'.length)}`);
  });
});

describeLive('a recording', [], () => {
  test('is replayed with a plugin that is installed where flowtap is started', async () => {
    const connection = new FakeConnection({ role: 'client' });
    const events = [connection.egress('get a\r\n'), connection.ingress('END\r\n'), connection.close()];
    await recordEvents(scene.path('run.flowlog'), events);
    const cwd = fileURLToPath(new URL('../..', import.meta.url));
    const args = ['replay', '--output', 'json', '--plugin', '@flowtap/custom-protocol', scene.path('run.flowlog')];
    const { status, stdout } = await flowtap(scene, args, { cwd });
    expect(status).toBe(0);
    expect(parseJsonLines(stdout)).toMatchObject([{ protocol: 'memcached', response: { status: 'END' } }]);
  });
});

describeLive('a plugin that cannot be trusted', [], () => {
  test('loses the connections on which it loops or throws, is named, and hurts nobody else', async () => {
    const requests = 200;
    const server = await scene.start(process.execPath, [nodeScript('evil-server')]);
    const ports = (await server.line(0)).split(' ');
    const client = [process.execPath, nodeScript('evil-client'), ...ports, String(requests)];
    const { flows, stats, status, stderr } = await run(scene, client, ['--plugin', nodeScript('evil-plugin')]);
    expect(status).toBe(0);
    expect(stats.counters).toMatchObject({ 'parser-timeout:evil': 1, 'parser-error:evil': 1 });
    expect(stderr).toContain('evil');
    const [http, lines] = ['http/1.1', 'evil'].map((name) => flows.filter(({ protocol }) => protocol === name));
    expect(http?.map(({ request }) => request?.target)).toEqual(Array.from({ length: requests }, (_, i) => `/${i}`));
    expect(lines?.map((flow) => (flow.request as unknown as { text: string }).text)).toEqual(
      Array.from({ length: requests }, (_, i) => `EVIL good ${i}`),
    );
    expect(flows.every(({ complete }) => complete)).toBe(true);
    expect(stats.droppedEvents).toBe(0);
  });

  test('is refused before anything is captured when it is not there or of another version', async () => {
    const missing = await flowtap(scene, ['run', '--plugin', './not-there.js', '--', 'true']);
    expect(missing.status).toBe(125);
    expect(missing.stderr).toMatch(/^flowtap: --plugin \.\/not-there\.js: there is no file .*build the plugin/);
  });
});
