// SPDX-License-Identifier: Apache-2.0
import { Agent, get } from 'node:http';
import { fileURLToPath } from 'node:url';
import type { Flow as CoreFlow } from '@flowtap/core';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { expect, test } from 'vitest';
import { natsExporter } from '../../examples/nats-shipping/src/nats-exporter.js';
import type { Flow } from './support/flow.js';
import { parseJsonLines, requestId } from './support/flow.js';
import type { Stats } from './support/flowtap.js';
import { freePort } from './support/free-port.js';
import { NatsServer } from './support/nats.js';
import { describeLive } from './support/needs.js';
import { Nginx } from './support/nginx.js';
import type { Program } from './support/program.js';
import { Scene, useScene } from './support/scene.js';
import { patient, until } from './support/until.js';

const scene = useScene();
const built = (name: string) => fileURLToPath(new URL(`../../examples/nats-shipping/dist/${name}.js`, import.meta.url));

const FLOWS_PER_HOST = 5000;
const PARALLEL_REQUESTS = 8;

/** Asks for /?id=0 to so many, a few at a time, on connections that stay open. */
async function load(nginx: Nginx, count: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: PARALLEL_REQUESTS });
  let next = 0;
  const ask = (id: number) =>
    new Promise<void>((resolve, reject) => {
      const request = get(nginx.url(`/?id=${id}`), { agent }, (response) => response.resume().once('end', resolve));
      request.once('error', reject);
    });
  const worker = async () => {
    while (next < count) await ask(next++);
  };
  await Promise.all(Array.from({ length: PARALLEL_REQUESTS }, worker));
  agent.destroy();
}

function ship(nats: NatsServer, nginx: Nginx, host: string): Promise<Program> {
  const options = ['--pid', String(nginx.pid), '--server', nats.address, '--host', host];
  return scene.start(process.execPath, [built('ship'), ...options]);
}

/** Messages that the server has stored. */
async function stored(nats: NatsServer): Promise<number> {
  const connection = await connect({ servers: nats.address });
  try {
    const { streams } = await jetstreamManager(connection);
    return await streams.info('FLOWS').then(
      ({ state }) => state.messages,
      () => 0,
    );
  } finally {
    await connection.close();
  }
}

/** Id of every message that is stored, as the server knows it and as the flow in it has it. */
async function storedIds(nats: NatsServer, count: number): Promise<readonly (readonly [string, string])[]> {
  const connection = await connect({ servers: nats.address });
  try {
    const consumer = await jetstream(connection).consumers.get('FLOWS');
    const ids: [string, string][] = [];
    for await (const message of await consumer.consume({ max_messages: 1000 })) {
      ids.push([message.headers?.get('Nats-Msg-Id') ?? '', message.json<Flow>().id]);
      if (ids.length === count) break;
    }
    return ids;
  } finally {
    await connection.close();
  }
}

function flowOf(id: string): CoreFlow {
  return {
    ...{ schema: 1, kind: 'opaque', id, protocol: 'tls', tls: true, role: 'client', startTimeMs: 0, durationMs: 1 },
    ...{ process: { pid: 1, comm: 'test' }, connectionId: 1, bytes: { ingress: 0, egress: 0 } },
    reason: { code: 'test', message: 'Made by a test.' },
  };
}

const NEEDS = ['nats-server', 'nginx', 'curl'];

describeLive('the exporter', NEEDS, () => {
  test('asks for another attempt while there is no server; what it sends twice is stored once', async () => {
    const port = await freePort();
    const exporter = natsExporter({ servers: [`127.0.0.1:${port}`], host: 'test' });
    const { signal } = new AbortController();
    const flows = ['one', 'two'].map(flowOf);
    expect(await exporter.export(flows, { signal })).toMatchObject({ status: 'retry' });
    const nats = await NatsServer.start(scene, port);
    expect(await exporter.export(flows, { signal })).toEqual({ status: 'ok' });
    expect(await exporter.export(flows, { signal })).toEqual({ status: 'ok' });
    expect(await stored(nats)).toBe(2);
    expect(await storedIds(nats, 2)).toEqual([
      ['one', 'one'],
      ['two', 'two'],
    ]);
    await exporter.shutdown();
  });
});

describeLive('flows of two hosts through NATS JetStream', NEEDS, () => {
  test('all arrive at least once although the server is killed in the middle, and duplicates are known by their id', async () => {
    const hosts = new Scene();
    hosts.open();
    scene.onClose(() => hosts.close());
    const nats = await NatsServer.start(scene);
    const servers = [await Nginx.start(scene), await Nginx.start(hosts)] as const;
    const shippers = [await ship(nats, servers[0], 'one'), await ship(nats, servers[1], 'two.example')];
    for (const shipper of shippers) await shipper.says('capturing');
    const consumer = await scene.start(process.execPath, [built('consume'), '--server', nats.address]);

    const loads = Promise.all(servers.map((nginx) => load(nginx, FLOWS_PER_HOST)));
    const before = await until('some flows are stored', async () => {
      const count = await stored(nats);
      return count >= 500 && count;
    });
    expect(before).toBeLessThan(2 * FLOWS_PER_HOST);
    await nats.crash();
    await loads;

    const total = 2 * FLOWS_PER_HOST;
    const count = await until('all flows are stored', async () => {
      const messages = await stored(nats);
      return messages >= total && messages;
    });
    // What was on its way to the consumer at the crash comes again when it was not acknowledged for some seconds.
    await until('all flows are printed', () => consumer.stdout.split('\n').length > total, patient(30_000));
    for (const shipper of shippers) {
      const { stdout } = await shipper.stop('SIGINT');
      const stats = JSON.parse(stdout) as Stats;
      expect(stats).toMatchObject({ flows: FLOWS_PER_HOST, droppedEvents: 0 });
      expect(stats.exporters).toMatchObject([{ exported: FLOWS_PER_HOST, dropped: 0, failed: 0 }]);
    }

    const flows = parseJsonLines<Flow>((await consumer.stop('SIGINT')).stdout);
    expect(flows).toHaveLength(total);
    expect(new Set(flows.map(({ id }) => id)).size).toBe(total);
    const wanted = Array.from({ length: FLOWS_PER_HOST }, (_, id) => String(id)).sort();
    for (const { port } of servers) {
      const own = flows.filter(({ destination }) => destination?.port === port);
      expect(own.map(requestId).sort()).toEqual(wanted);
    }
    const ids = await storedIds(nats, count);
    for (const [messageId, flowId] of ids) expect(messageId).toBe(flowId);
    expect(new Set(ids.map(([id]) => id)).size).toBe(total);
  });
});
