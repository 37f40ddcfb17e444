// SPDX-License-Identifier: Apache-2.0
import { gzipSync } from 'node:zlib';
import { ExportPipeline, type Flow, HttpBody } from '@flowtap/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type TrayceGuiOptions, trayceGui } from '../src/index.js';
import { bodyOf, exchangeFlow, opaqueFlow, requestOf, responseOf } from './sample-flows.js';
import { GuiServer } from './support/gui-server.js';
import { until } from './support/until.js';

/** The beginning of a PNG file, with bytes that UTF-8 never has. */
const png = Buffer.concat([Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'), Buffer.alloc(500, 0xfe)]);

let gui: GuiServer;
const pipelines: ExportPipeline[] = [];

beforeEach(() => {
  gui = new GuiServer();
});

afterEach(async () => {
  await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.shutdown()));
  await gui.kill();
});

async function open(options: Partial<TrayceGuiOptions> = {}, address = gui.address): Promise<ExportPipeline> {
  const exporter = trayceGui({ address, ...options });
  const pipeline = new ExportPipeline(exporter, { ...exporter.pipeline, drainTimeoutMs: 500 });
  pipelines.push(pipeline);
  await pipeline.start();
  return pipeline;
}

async function sent(...flows: readonly Flow[]): Promise<void> {
  await gui.start();
  const pipeline = await open();
  for (const flow of flows) pipeline.push(flow);
  await pipeline.flush();
  expect(gui.violations).toEqual([]);
  expect(pipeline.counters).toMatchObject({ exported: flows.length, failed: 0, dropped: 0 });
}

describe('flows', () => {
  it('sends the request, and then the response under the same id', async () => {
    const flow = exchangeFlow();
    await sent(flow);
    await until('both halves are there', () => gui.flows.length === 2);
    const common = {
      uuid: flow.id,
      source_addr: '10.0.0.1:40000',
      dest_addr: '[::1]:8080',
      l4_protocol: 'tcp',
      l7_protocol: 'http',
    };
    expect(gui.flows[0]).toMatchObject({
      ...common,
      http_request: {
        method: 'POST',
        host: 'localhost:8080',
        path: '/things?colour=blue',
        http_version: '1.1',
        headers: { Host: { values: ['localhost:8080'] }, 'X-Twice': { values: ['one', 'two'] } },
        payload: '{"name":"größer"}',
      },
    });
    expect(gui.flows[1]).toMatchObject({
      ...common,
      http_response: { http_version: '1.1', status: 201, status_msg: 'Created', payload: 'done' },
    });
  });

  it('sends a statement and its rows', async () => {
    const flow = {
      ...exchangeFlow(),
      protocol: 'postgresql',
      request: { kind: 'sql', operation: 'execute', sql: 'SELECT $1 AS größe', parameters: ['7'] },
      response: { kind: 'sql', results: [{ columns: [{ name: 'größe' }], rows: [['7']], rowCount: 1 }] },
    } as unknown as Flow;
    await sent(flow);
    await until('both halves are there', () => gui.flows.length === 2);
    expect(gui.flows).toMatchObject([
      { uuid: flow.id, l7_protocol: 'psql', sql_query: { query: 'SELECT $1 AS größe', params: { values: ['7'] } } },
      { uuid: flow.id, sql_response: { columns: { values: ['größe'] }, rows: [{ values: ['7'] }] } },
    ]);
  });

  it('sends the request of an open flow at once, and at its end the response only', async () => {
    await gui.start();
    const pipeline = await open();
    const flow = exchangeFlow();
    const { response: _, ...opening } = flow;
    pipeline.pushUpdate({ kind: 'open', flow: { ...opening, complete: false } });
    await until('the request is there', () => gui.flows.length === 1);
    pipeline.push(flow);
    await until('the response is there', () => gui.flows.length === 2);
    expect(gui.flows.map(({ uuid, request, response }) => [uuid, request, response])).toEqual([
      [flow.id, 'http_request', undefined],
      [flow.id, undefined, 'http_response'],
    ]);
    expect(gui.violations).toEqual([]);
  });

  it('sends the request of an open flow again to a GUI that has restarted', async () => {
    await gui.start();
    const pipeline = await open();
    const flow = exchangeFlow();
    const { response: _, ...opening } = flow;
    pipeline.pushUpdate({ kind: 'open', flow: { ...opening, complete: false } });
    await until('the request is there', () => gui.flows.length === 1 && gui.agents.length === 1);
    await gui.kill();
    await gui.start();
    await until('the agent is back', () => gui.agents.length === 2);
    pipeline.push(flow);
    await until('both halves are there', () => gui.flows.length === 3);
    expect(gui.violations).toEqual([]);
  });

  it('waits for the end of a flow whose request is not complete when it opens', async () => {
    const flow = exchangeFlow();
    const { response: _, ...opening } = flow;
    const body = new HttpBody({ size: 0, truncated: true, bytes: Buffer.alloc(0) });
    await gui.start();
    const pipeline = await open();
    pipeline.pushUpdate({ kind: 'open', flow: { ...opening, request: requestOf({ body }), complete: false } });
    await pipeline.flush();
    pipeline.push(flow);
    await until('both halves are there', () => gui.flows.length === 2);
    expect(gui.flows[0]?.http_request?.payload).toBe('{"name":"größer"}');
  });

  it('removes content codings, and puts one line in place of a binary body', async () => {
    const zipped = responseOf({ body: bodyOf(gzipSync('readable'), 'gzip') });
    const picture = responseOf({ headers: [['content-type', 'image/png']], body: bodyOf(png) });
    await sent(exchangeFlow({ response: zipped }), exchangeFlow({ response: picture }));
    await until('both are there', () => gui.flows.length === 4);
    expect(gui.exchanges.map(({ response }) => response?.http_response?.payload)).toEqual([
      'readable',
      '[binary body: image/png, 516 bytes]',
    ]);
  });

  it('leaves out what the GUI has no form for, without losing its neighbours', async () => {
    const { request: _, ...withoutRequest } = exchangeFlow();
    const { response: __, ...withoutResponse } = exchangeFlow();
    await sent(opaqueFlow(), withoutRequest, withoutResponse, exchangeFlow());
    await until('the others are there', () => gui.flows.length === 3);
    expect(gui.exchanges.map(({ response }) => response !== undefined)).toEqual([false, true]);
  });

  it('cuts what is more than a server accepts in one message into several calls', async () => {
    const large = requestOf({ body: bodyOf('x'.repeat(700_000)) });
    await sent(...Array.from({ length: 12 }, () => exchangeFlow({ request: large })));
    await until('all are there', () => gui.exchanges.length === 12);
  });

  it('cuts a long body between two characters', async () => {
    await gui.start();
    const pipeline = await open({ maxBodyBytes: 10 });
    pipeline.push(exchangeFlow({ request: requestOf({ body: bodyOf('123456789ö') }) }));
    await pipeline.flush();
    expect(gui.flows[0]?.http_request?.payload).toBe('123456789');
  });
});

describe('the session', () => {
  it('greets first, and tells the containers at least every two seconds, also when there are none', async () => {
    await gui.start();
    await open();
    await until('four reports came', () => gui.reports.length >= 4);
    expect(gui.agents).toEqual(['1.0.5']);
    expect(gui.violations).toEqual([]);
    for (const [i, { containers, atMs }] of gui.reports.entries()) {
      expect(containers).toEqual([]);
      expect(atMs - (gui.reports[i - 1]?.atMs ?? atMs)).toBeLessThan(2000);
    }
  });

  it('reports containers and obeys the choice of them', async () => {
    const chosen: (readonly string[])[] = [];
    const container = {
      id: 'ab12',
      name: 'web',
      image: 'nginx:1',
      status: 'running',
      addresses: ['172.17.0.2', 'fe80::1'],
    };
    await gui.start();
    await open({ control: { containers: () => [container], select: (ids) => chosen.push(ids) } });
    await until('it knows the agent', () => gui.agents.length === 1 && gui.reports.length > 0);
    expect(gui.reports[0]?.containers).toEqual([
      { id: 'ab12', name: 'web', image: 'nginx:1', status: 'running', ip: '172.17.0.2' },
    ]);
    await gui.setSettings(['ab12', 'cd34']);
    await gui.setSettings([]);
    await until('both commands are obeyed', () => chosen.length === 2);
    expect(chosen).toEqual([['ab12', 'cd34'], []]);
  });

  it('greets again after the GUI has restarted', async () => {
    await gui.start();
    await open();
    await until('the agent is there', () => gui.agents.length === 1);
    await gui.kill();
    await gui.start();
    await until('the agent is back', () => gui.agents.length === 2);
    expect(gui.violations).toEqual([]);
  });
});

describe('trouble', () => {
  it('delivers what came before the GUI was there', async () => {
    await gui.start();
    await gui.kill();
    const pipeline = await open();
    pipeline.push(exchangeFlow());
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(pipeline.counters.queued).toBe(1);
    await gui.start();
    await until('the flow is there', () => gui.exchanges.length === 1);
  });

  it('loses nothing while the GUI is killed and restarted four times during 2,000 flows', async () => {
    await gui.start();
    const pipeline = await open();
    const ids = new Set<string>();
    for (let i = 1; i <= 2000; i++) {
      const flow = exchangeFlow();
      ids.add(flow.id);
      pipeline.push(flow);
      if (i % 20 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      if (i % 500 === 250) {
        await gui.kill();
        await gui.start();
      }
    }
    await pipeline.flush();
    const { failed, dropped } = pipeline.counters;
    const received = gui.exchanges.filter(({ request, response }) => ids.has(request.uuid) && response !== undefined);
    expect(received.length + failed + dropped).toBe(2000);
    expect(gui.violations).toEqual([]);
  });

  it('gives up a call that hangs, takes a new connection, and sends the flows again', async () => {
    await gui.start();
    const pipeline = await open({ callTimeoutMs: 300 });
    await until('the agent is there', () => gui.agents.length === 1);
    await gui.answer('never');
    pipeline.push(exchangeFlow());
    await until('the agent came over a new connection', () => gui.agents.length >= 2);
    await gui.answer('at once');
    await pipeline.flush();
    expect(pipeline.counters).toMatchObject({ exported: 1, failed: 0, dropped: 0 });
    expect(gui.exchanges.length).toBe(1);
  });

  it('waits for a slow GUI within its bounds, and counts what it drops', async () => {
    await gui.start();
    const exporter = trayceGui({ address: gui.address });
    const pipeline = new ExportPipeline(exporter, { ...exporter.pipeline, maxQueueFlows: 50, maxBatchFlows: 10 });
    pipelines.push(pipeline);
    await pipeline.start();
    await gui.answer({ afterMs: 50 });
    let taken = 0;
    for (let i = 0; i < 500; i++) if (pipeline.push(exchangeFlow())) taken += 1;
    await pipeline.flush();
    expect(taken).toBeLessThan(500);
    expect(pipeline.counters).toMatchObject({ exported: taken, dropped: 500 - taken, failed: 0 });
    await until('all that was taken is there', () => gui.exchanges.length === taken);
  });
});
