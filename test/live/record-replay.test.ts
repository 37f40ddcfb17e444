// SPDX-License-Identifier: Apache-2.0
import { chownSync, statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, parseJsonLines } from './support/flow.js';
import { attach, cliPath, flowtap, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { NOBODY, unprivilegedCopy } from './support/unprivileged.js';

const scene = useScene();
const certificate = useCertificate();

/** Everything is the same but the id of the flow itself. */
function expectSame(replayed: readonly Flow[], recorded: readonly Flow[]): void {
  expect(replayed).toHaveLength(recorded.length);
  for (const [index, flow] of recorded.entries()) expect({ ...replayed[index], id: flow.id }).toEqual(flow);
}

describeLive('a recorded event log', ['curl', 'openssl'], () => {
  test('gives the same flows to a user without privileges', async () => {
    const plain = await PythonServer.start(scene);
    const tls = await PythonServer.start(scene, { certificate });
    const log = scene.path('run.flowlog');
    const capture = await attach(scene, ['--pid', plain.pid, '--pid', tls.pid, '--record', log]);
    for (const server of [plain, tls]) {
      await scene.run('curl', [
        '-sk',
        '-H',
        'Authorization: Bearer secret',
        server.url('/echo?id=[1-20]&access_token=t'),
      ]);
      await scene.run('curl', ['-sk', '-d', 'a body', server.url('/echo?id=posted')]);
      await scene.run('curl', ['-sk', server.url('/bytes?count=200000')]);
    }
    await capture.flowCount(44);
    const recorded = await capture.stop();
    expect(recorded.flows).toHaveLength(44);
    expect(recorded.stderr).toMatch(/^flowtap: .*not redacted/m);

    expect(statSync(log).mode & 0o777).toBe(0o600);
    const { command, arguments: args } = unprivilegedCopy(scene);
    chownSync(log, NOBODY, NOBODY);
    const id = await scene.run('id', ['-u'], { uid: NOBODY, gid: NOBODY });
    expect(id.stdout).toBe(`${NOBODY}\n`);
    const replayed = await scene.run(command, [...args, 'replay', '--output', 'json', log], {
      uid: NOBODY,
      gid: NOBODY,
    });

    expect(replayed).toMatchObject({ status: 0, stderr: expect.stringMatching(/^flowtap: 44 flows.*\n$/) });
    // The values of secrets as well: the log holds the key of their hashes.
    expectSame(parseJsonLines<Flow>(replayed.stdout), recorded.flows);
    expect(replayed.stdout).not.toContain('Bearer secret');
  });

  test('of a command gives its one flow, and its encrypted connection that carried nothing to read', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const log = scene.path('run.flowlog');
    const handshakeOnly = `openssl s_client -connect 127.0.0.1:${server.port} </dev/null`;
    const script = `curl -sk '${server.url('/curl')}'; ${handshakeOnly}`;
    const recorded = await run(scene, ['sh', '-c', script], ['--record', log]);
    expect(recorded.flows.map(({ kind }) => kind)).toEqual(['flow', 'opaque']);
    const replayed = await flowtap(scene, ['replay', '--output', 'json', log]);
    expectSame(parseJsonLines<Flow>(replayed.stdout), recorded.flows);
  });

  test('reaches a slow reader in full, through a pipe that holds less than one flow', async () => {
    const server = await PythonServer.start(scene);
    const log = scene.path('big.flowlog');
    const command = ['curl', '-s', '-o', '/dev/null', server.url('/bytes?count=200000&id=[1-5]')];
    const recorded = await run(scene, command, ['--record', log]);
    const script = '"$1" "$2" replay --output json "$3" | { sleep 1; cat; }';
    const { stdout, stderr } = await scene.run('sh', ['-c', script, 'sh', process.execPath, cliPath, log]);
    expect(stderr).toMatch(/^flowtap: 5 flows.*\n$/);
    expectSame(parseJsonLines<Flow>(stdout), recorded.flows);
  });
});
