// SPDX-License-Identifier: Apache-2.0

import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { ProcessReport } from '../../examples/agent/src/process-report.js';
import { useCertificate } from './support/certificate.js';
import { flowtap, startFlowtap } from './support/flowtap.js';
import { JavaClient, javaClientCommand } from './support/java.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import type { Ended, Program } from './support/program.js';
import { PythonServer, python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';
import { testProgram } from './support/test-programs.js';

const scene = useScene();
const certificate = useCertificate();

/** `flowtap doctor --pid` while a client makes a request for each of these lines, until the report is there. */
async function doctor(pid: number, client: Program, line: string, options: readonly string[] = []): Promise<Ended> {
  const program = await startFlowtap(scene, ['doctor', '--pid', String(pid), '--for', '2', ...options]);
  while (program.isRunning) {
    client.write(line);
    await sleep(50);
  }
  return program.ended;
}

const lineOf = ({ stdout }: Ended, label: string) => stdout.split('\n').filter((line) => line.startsWith(label));

const nodeVersions = [20, 22, 24, 26];
const nodeProgram = (version: number) => testProgram(`node-${version}/bin/node`);
const needs = ['java', 'nginx', 'openssl', 'python:requests', ...nodeVersions.map(nodeProgram)];

describeLive('flowtap doctor --pid', needs, () => {
  test('says of Java in one line why its TLS cannot be read, and shows the connection', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const [command = '', ...args] = javaClientCommand;
    const client = new JavaClient(await scene.start(command, args));
    await client.ready();
    await client.request('GET', server.url('/'));
    const ended = await doctor(client.program.pid, client.program, `GET ${server.url('/')}\n`);
    expect(ended.status).toBe(0);
    expect(lineOf(ended, 'runtime')).toEqual([expect.stringMatching(/^runtime +JVM \d+\./)]);
    const reasons = lineOf(ended, 'unseen').filter((line) => line.includes('JSSE'));
    expect(reasons).toEqual([
      expect.stringMatching(/^unseen +Java's own TLS \(JSSE\) .*no library function to probe\./),
    ]);
    const to = `↔ 127.0.0.1:${server.port} `;
    const connection = ended.stdout.split('\n').find((line) => line.includes(to));
    expect(connection).toMatch(/; TLS, NOT READ; socket ↓ [1-9]\d+ B ↑ [1-9]\d+ B; plaintext ↓ 0 B ↑ 0 B$/);
  });

  test('says of Python which library is probed where, and counts ciphertext and plaintext', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const client = await scene.start(python, [pythonScript('client')]);
    const line = `GET ${server.url('/doctor')}\n`;
    client.write(line);
    await client.line();
    const ended = await doctor(client.pid, client, line, ['--json']);
    expect(ended.status).toBe(0);
    const { process, measurement } = JSON.parse(ended.stdout) as ProcessReport;
    expect(process).toMatchObject({
      pid: client.pid,
      runtime: { name: 'CPython', version: expect.stringMatching(/^3\.\d+$/) },
      tlsLibraries: [
        {
          path: expect.stringMatching(/\/libssl\.so/),
          library: 'openssl',
          version: expect.stringMatching(/^\d+\.\d+\.\d+/),
          linkage: 'shared',
          place: expect.stringMatching(/^(internal|exported)$/),
          // The server has it loaded too.
          otherUsers: expect.any(Number),
        },
      ],
      blindSpots: [],
    });
    expect(process.tlsLibraries[0]?.otherUsers).toBeGreaterThanOrEqual(1);
    const [connection] = measurement?.connections.filter(({ state }) => state === 'readable') ?? [];
    expect(connection).toMatchObject({
      role: 'unknown',
      remote: { address: '127.0.0.1', port: server.port },
      fdSource: 'nested-call',
      isOpen: true,
    });
    const { socketBytes, plaintextBytes } = connection ?? {};
    for (const direction of ['ingress', 'egress'] as const) {
      expect(plaintextBytes?.[direction]).toBeGreaterThan(100);
      expect(socketBytes?.[direction]).toBeGreaterThan(plaintextBytes?.[direction] ?? 0);
    }
  });

  test.each(nodeVersions)('says of Node.js %i where its OpenSSL is probed', async (version) => {
    const program = await scene.start(nodeProgram(version), ['-e', 'setTimeout(console.log, 60_000); console.log(1)']);
    await program.line();
    const ended = await flowtap(scene, ['doctor', '--pid', String(program.pid), '--for', '0.1', '--json']);
    expect((JSON.parse(ended.stdout) as ProcessReport).process.tlsLibraries).toMatchObject([
      {
        ...{ library: 'openssl', linkage: 'executable' },
        // Code of other architectures is not looked into.
        place: process.arch === 'x64' ? 'inner-copies' : 'exported',
      },
    ]);
  });

  test('looks at the workers of a process as well', async () => {
    const nginx = await Nginx.start(scene, { certificate });
    const client = await scene.start(python, [pythonScript('client')]);
    const ended = await doctor(nginx.pid, client, `GET ${nginx.url('/echo?id=1')}\n`);
    expect(ended.status).toBe(0);
    expect(lineOf(ended, 'TLS')).toEqual([
      expect.stringMatching(/OpenSSL \d.*libssl\.so.*processe?s?.* with it loaded/),
    ]);
    expect(ended.stdout).toMatch(/ {2}connection .*; TLS, read; .*socket told by (set-fd|nested-call)/);
  });

  test('names an open UDP socket, which may be HTTP/3', async () => {
    const script =
      'import socket, time; s = socket.socket(type=socket.SOCK_DGRAM); s.bind(("127.0.0.1", 0)); print(1, flush=True); time.sleep(60)';
    const program = await scene.start(python, ['-c', script]);
    await program.line();
    const ended = await flowtap(scene, ['doctor', '--pid', String(program.pid), '--for', '0.1']);
    expect(lineOf(ended, 'unseen').join('\n')).toContain('HTTP/3');
    expect(lineOf(ended, 'traffic')).toEqual([expect.stringMatching(/none in \d+\.\d s/)]);
  });

  test('says so when there is no such process, and refuses to watch for hours', async () => {
    const gone = await flowtap(scene, ['doctor', '--pid', '2147483646']);
    expect(gone).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(/^flowtap: there is no process/),
    });
    const long = await flowtap(scene, ['doctor', '--pid', '1', '--for', '3600']);
    expect(long).toMatchObject({ status: 2, stdout: '', stderr: expect.stringContaining('--for') });
  });
});
