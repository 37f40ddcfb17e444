// SPDX-License-Identifier: Apache-2.0
import { readFileSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, readJsonLines, targets } from './support/flow.js';
import { attach, flowtap, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { cleanEnvironment } from './support/program.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

interface Har {
  readonly log: {
    readonly version: string;
    readonly creator: { readonly name: string; readonly version: string };
    readonly entries: readonly Record<string, unknown>[];
  };
}

describeLive('outputs', ['curl', 'openssl'], () => {
  test('HAR 1.2 has an entry for each flow, with all that the format demands', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const file = scene.path('all.har');
    const capture = await attach(scene, ['--pid', server.pid, '--output', `har:${file}`]);
    await scene.run('curl', ['-sk', server.url('/echo?id=1&b=c')]);
    await scene.run('curl', ['-sk', '-d', 'a=b', server.url('/posted?id=2')]);
    await capture.flowCount(2);
    await capture.stop();

    const { log } = JSON.parse(readFileSync(file, 'utf8')) as Har;
    expect(log).toMatchObject({ version: '1.2', creator: { name: expect.any(String), version: expect.any(String) } });
    expect(log.entries).toHaveLength(2);
    const nameAndValue = expect.objectContaining({ name: expect.any(String), value: expect.any(String) });
    for (const entry of log.entries) {
      // http://www.softwareishard.com/blog/har-12-spec/#entries: these members are not optional.
      expect(entry).toMatchObject({
        startedDateTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(Z|[+-]\d\d:\d\d)$/),
        time: expect.any(Number),
        request: {
          httpVersion: 'HTTP/1.1',
          cookies: [],
          headers: expect.arrayContaining([nameAndValue]),
          queryString: expect.arrayContaining([nameAndValue]),
          headersSize: expect.any(Number),
          bodySize: expect.any(Number),
        },
        response: {
          status: 200,
          statusText: 'OK',
          httpVersion: 'HTTP/1.1',
          cookies: [],
          headers: expect.arrayContaining([nameAndValue]),
          content: { size: expect.any(Number), mimeType: 'text/plain', text: expect.stringMatching(/^id=/) },
          redirectURL: '',
          headersSize: expect.any(Number),
          bodySize: expect.any(Number),
        },
        cache: {},
        timings: { send: expect.any(Number), wait: expect.any(Number), receive: expect.any(Number) },
      });
    }
    const requests = log.entries.map(({ request }) => request);
    expect(requests).toMatchObject([
      {
        method: 'GET',
        url: server.url('/echo?id=1&b=c'),
        queryString: [
          { name: 'id', value: '1' },
          { name: 'b', value: 'c' },
        ],
      },
      { method: 'POST', url: server.url('/posted?id=2'), postData: { text: 'a=b' } },
    ]);
  });

  test('JSON lines are appended to what is there', async () => {
    const server = await PythonServer.start(scene);
    const file = scene.path('appended.jsonl');
    for (const id of [1, 2]) {
      await flowtap(scene, ['run', '--output', `jsonl:${file}`, '--', 'curl', '-s', server.url(`/echo?id=${id}`)]);
    }
    expect(targets(readJsonLines<Flow>(file))).toEqual(['/echo?id=1', '/echo?id=2']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  test('files belong to the user behind sudo', async () => {
    const server = await PythonServer.start(scene);
    const env = { ...cleanEnvironment, SUDO_UID: '1234', SUDO_GID: '4321', SUDO_USER: 'somebody' };
    const outputs = ['--output', `har:${scene.path('sudo.har')}`, '--record', scene.path('sudo.flowlog')];
    const command = ['curl', '-s', '-o', '/dev/null', server.url('/echo?id=1')];
    const capture = await startRun(scene, command, outputs, { env, input: '' });
    expect(await capture.end()).toMatchObject({ status: 0 });
    for (const name of ['sudo.har', 'sudo.flowlog']) {
      const { uid, gid, mode } = statSync(scene.path(name));
      expect({ name, uid, gid, mode: mode & 0o777 }).toEqual({ name, uid: 1234, gid: 4321, mode: 0o600 });
    }
  });
});
