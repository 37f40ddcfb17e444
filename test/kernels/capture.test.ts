// SPDX-License-Identifier: Apache-2.0
// What every kernel must do with either back end. Few captures with much in each: a machine in software emulation takes
// seconds to load the programs.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from '../live/support/certificate.js';
import { Cgroup } from '../live/support/cgroup.js';
import { readEventLog } from '../live/support/events.js';
import { requestId, targets } from '../live/support/flow.js';
import { attach, run } from '../live/support/flowtap.js';
import { describeLive } from '../live/support/needs.js';
import { PythonServer, python } from '../live/support/python.js';
import { useScene } from '../live/support/scene.js';
import { schemes } from '../live/support/schemes.js';
import { until } from '../live/support/until.js';

const scene = useScene();
const certificate = useCertificate();
const REQUESTS = 100;
const CONCURRENT = 40;
const CLIENTS = 4;
/** More than the kernel follows by a return probe: ten calls, or two for each processor. */
const WAITING = 40;
/** Of the concurrent connections so many may miss a call where the kernel preempts programs (`mayMiss`). */
const MISSED_BY_PAIRS = 2;

describeLive('capture', ['curl', 'openssl', 'bpftool'], () => {
  test('run: a client, plain and over TLS', async () => {
    const plain = await PythonServer.start(scene);
    const tls = await PythonServer.start(scene, { certificate });
    const script = `curl -s '${plain.url('/plain?id=1')}'; curl -sk '${tls.url('/tls?id=2')}'`;
    const { status, stdout, flows, stats } = await run(scene, ['sh', '-c', script]);
    expect(status).toBe(0);
    const [first = '', second = ''] = stdout.split(/(?<=\n)/);
    expect(flows).toMatchObject([
      {
        scheme: 'http',
        role: 'client',
        source: { address: '127.0.0.1', port: await plain.clientPort('/plain?id=1') },
        destination: { address: '127.0.0.1', port: plain.port },
        process: { comm: 'curl', exe: expect.stringMatching(/\/curl$/) },
        request: { target: '/plain?id=1' },
        response: { status: 200, body: { text: first } },
        complete: true,
      },
      {
        scheme: 'https',
        role: 'client',
        source: { address: '127.0.0.1', port: await tls.clientPort('/tls?id=2') },
        destination: { address: '127.0.0.1', port: tls.port },
        request: { target: '/tls?id=2' },
        response: { status: 200, body: { text: second } },
        complete: true,
      },
    ]);
    expect(stats).toMatchObject({ flows: 2, droppedEvents: 0, droppedBytes: 0, opaqueConnections: 0 });
  });

  test.each(schemes)(
    `attach --pid: ${REQUESTS} requests on one connection over %s, every byte`,
    async (scheme, tls) => {
      const server = await PythonServer.start(scene, tls ? { certificate } : {});
      const log = scene.path('capture.flowlog');
      const capture = await attach(scene, ['--pid', server.pid, '--record', log]);
      const curl = ['-sk', '-o', '/dev/null', '-d', 'body', server.url(`/echo?id=[1-${REQUESTS}]`)];
      expect(await scene.run('curl', curl)).toMatchObject({ status: 0 });
      await capture.flowCount(REQUESTS);
      await until('the server has seen the end', () => server.connections().length === 1);
      const { flows, stats } = await capture.stop();

      expect(flows.map(requestId)).toEqual(Array.from({ length: REQUESTS }, (_, index) => String(index + 1)));
      for (const flow of flows) {
        expect(flow).toMatchObject({ scheme, role: 'server', request: { body: { text: 'body' } }, complete: true });
        expect(flow.response?.body.text).toMatch(`id=${requestId(flow)} `);
      }
      expect(stats).toMatchObject({ droppedEvents: 0, droppedBytes: 0, gaps: 0 });
      const [connection, ...others] = await readEventLog(log);
      expect(others).toEqual([]);
      const [served] = server.connections();
      const layer = tls ? 'tls' : 'raw';
      expect(connection?.isClosed).toBe(true);
      expect(connection?.stream(layer, 'ingress')).toMatchObject({ delivered: served?.received, lost: 0 });
      expect(connection?.stream(layer, 'egress')).toMatchObject({ delivered: served?.sent, lost: 0 });
    },
  );

  test(`attach --pid: ${CLIENTS} clients at the same time over https, every byte`, async () => {
    // Their calls into the TLS library meet: where the kernel preempts programs, one in the middle of another.
    const server = await PythonServer.start(scene, { certificate });
    const log = scene.path('clients.flowlog');
    const capture = await attach(scene, ['--pid', server.pid, '--record', log]);
    const clients = Array.from({ length: CLIENTS }, (_, client) => {
      const curl = ['-sk', '-o', '/dev/null', '-d', 'body', server.url(`/echo?id=${client}-[1-${REQUESTS}]`)];
      return scene.run('curl', curl);
    });
    for (const client of await Promise.all(clients)) expect(client).toMatchObject({ status: 0 });
    await capture.flowCount(CLIENTS * REQUESTS);
    await until('the server has seen the ends', () => server.connections().length === CLIENTS);
    const { flows } = await capture.stop();
    expect(flows.filter((flow) => !flow.complete)).toEqual([]);
    expect(new Set(flows.map(requestId)).size).toBe(CLIENTS * REQUESTS);
    expect(flows).toHaveLength(CLIENTS * REQUESTS);
    for (const flow of flows) expect(flow.response?.body.text).toMatch(`id=${requestId(flow)} `);
    const recorded = await recordedByPort(log);
    for (const { client, received, sent } of server.connections()) {
      const connection = recorded.get(client?.[1]);
      expect(connection?.stream('tls', 'ingress')).toMatchObject({ delivered: received, lost: 0 });
      expect(connection?.stream('tls', 'egress')).toMatchObject({ delivered: sent, lost: 0 });
    }
  });

  test(`attach --pid: ${CONCURRENT} connections at the same time`, async () => {
    const server = await PythonServer.start(scene);
    const log = scene.path('parallel.flowlog');
    const capture = await attach(scene, ['--pid', server.pid, '--record', log]);
    const parallel = ['-Z', '--parallel-immediate', '--parallel-max', String(CONCURRENT)];
    const url = server.url(`/slow?ms=1000&id=[1-${CONCURRENT}]`);
    expect(await scene.run('curl', ['-s', ...parallel, '-o', scene.path('#1'), url])).toMatchObject({ status: 0 });
    await until('the server has seen the ends', () => server.connections().length === CONCURRENT);
    const missed = await mayMiss();
    if (missed === 0) await capture.flowCount(CONCURRENT);
    const { flows } = await capture.stop();
    const complete = flows.filter((flow) => flow.complete);
    expect(complete.length).toBeGreaterThanOrEqual(CONCURRENT - missed);
    expect(complete.length).toBeLessThanOrEqual(CONCURRENT);
    expect(new Set(complete.map(requestId)).size).toBe(complete.length);
    for (const flow of complete) {
      const body = readFileSync(scene.path(requestId(flow) ?? ''), 'utf8');
      expect(flow).toMatchObject({ response: { status: 200, body: { text: body } } });
    }
    await expectAccounted(log, server);
  });

  test(`attach --pid: every byte, seen or in a gap, while ${WAITING} calls of others wait`, async () => {
    const server = await PythonServer.start(scene);
    const bystander = await PythonServer.start(scene);
    const log = scene.path('beside.flowlog');
    const capture = await attach(scene, ['--pid', server.pid, '--record', log]);
    const idle = `import socket, sys; held = [socket.create_connection(("127.0.0.1", ${bystander.port})) for _ in range(${WAITING})]; sys.stdin.read()`;
    await scene.start(python, ['-c', idle]);
    await until('a thread waits for each connection', () => threadsOf(bystander.pid) > WAITING);
    for (let id = 1; id <= 5; id++) {
      const curl = ['-s', '-d', 'body', server.url(`/echo?id=${id}-[1-3]`)];
      expect(await scene.run('curl', curl)).toMatchObject({ status: 0 });
    }
    await until('the server has seen the ends', () => server.connections().length === 5);
    await capture.stop();
    await expectAccounted(log, server);
  });

  test('attach --cgroup: processes of a version 2 group, over TCP and AF_UNIX', async () => {
    const path = scene.path('server.sock');
    const tcp = await PythonServer.start(scene);
    await PythonServer.start(scene, { unix: path });
    const cgroup = Cgroup.make(scene, 'v2');
    const [inside, outside] = [await scene.start('sh', ['-s']), await scene.start('sh', ['-s'])];
    cgroup.add(inside.pid);
    const capture = await attach(scene, ['--cgroup', cgroup.path]);
    outside.write(`curl -s '${tcp.url('/outside?id=0')}'\n`);
    expect(await outside.line()).toMatch(/^id=0 /);
    inside.write(`curl -s '${tcp.url('/inside?id=1')}'\n`);
    expect(await inside.line(0)).toMatch(/^id=1 /);
    inside.write(`curl -s --unix-socket ${path} 'http://localhost/unix?id=2'\n`);
    expect(await inside.line(1)).toMatch(/^id=2 /);
    const flows = await capture.flowCount(2);
    expect(targets(flows)).toEqual(['/inside?id=1', '/unix?id=2']);
    expect(flows[0]).toMatchObject({ role: 'client', destination: { port: tcp.port }, complete: true });
    expect(flows[1]).toMatchObject({ role: 'client', destination: { path }, complete: true });
  });

  test('SIGKILL: nothing stays attached, and the target works', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const before = idsOf(await bpfPrograms());
    const capture = await attach(scene, ['--pid', server.pid]);
    const curl = ['-sk', '--max-time', '60', server.url('/echo?id=1')];
    expect(await scene.run('curl', curl)).toMatchObject({ status: 0 });
    await capture.flowCount(1);
    const held = idsOf(await bpfPrograms()).filter((id) => !before.includes(id));
    expect(held.length).toBeGreaterThan(5);
    expect((await capture.program.stop('SIGKILL')).status).toBe(137);
    await until('the kernel has freed the programs', async () => {
      const left = idsOf(await bpfPrograms());
      return held.every((id) => !left.includes(id));
    });
    expect(await scene.run('curl', curl)).toMatchObject({ status: 0, stdout: expect.stringContaining('id=1') });
  });
});

/** Every byte of the plain connections is there, or in a gap of known size. */
async function expectAccounted(log: string, server: PythonServer): Promise<void> {
  const recorded = await recordedByPort(log);
  for (const { client, received, sent } of server.connections()) {
    const connection = recorded.get(client?.[1]);
    const streams = (['ingress', 'egress'] as const).map((direction) => connection?.stream('raw', direction));
    expect(streams.map((stream) => (stream?.delivered ?? 0) + (stream?.lost ?? 0))).toEqual([received, sent]);
  }
}

/** What a recording has of each connection, by the client's port. */
async function recordedByPort(log: string) {
  return new Map((await readEventLog(log)).map((connection) => [connection.remotePort, connection]));
}

function threadsOf(pid: number): number {
  return Number(/^Threads:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]);
}

/**
 * How many of the concurrent connections may have a gap. A return probe of the back end kprobe follows some calls at a time only.
 * Where the kernel preempts programs, two share the work, and what both are passed over for is a gap: one call in some thousands
 * in software emulation, where they take long.
 */
async function mayMiss(): Promise<number> {
  if (process.env['FLOWTAP_TEST_BACKEND'] === 'kprobe') return CONCURRENT;
  return (await bpfPrograms()).some(({ name }) => name === 'syscall_exit_2') ? MISSED_BY_PAIRS : 0;
}

interface BpfProgram {
  readonly id: number;
  readonly name?: string;
}

async function bpfPrograms(): Promise<readonly BpfProgram[]> {
  const { status, stdout, stderr } = await scene.run('bpftool', ['-j', 'prog', 'show']);
  expect(status, stderr).toBe(0);
  return JSON.parse(stdout);
}

function idsOf(programs: readonly BpfProgram[]): readonly number[] {
  return programs.map(({ id }) => id);
}
