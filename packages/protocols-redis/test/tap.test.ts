// SPDX-License-Identifier: Apache-2.0

import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { createTap, type Flow, flowToJson, stdout } from '@flowtap/core';
import { FakeConnection, FakeSource } from '@flowtap/core/testing';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import { redis } from '../src/index.js';
import { bulk, command } from './resp.js';

async function talk(): Promise<{ flows: Flow[]; shown: string; heard: readonly string[] }> {
  const source = new FakeSource();
  const stream = new PassThrough();
  const shown: string[] = [];
  stream.setEncoding('utf8').on('data', (text: string) => shown.push(text));
  const tap = createTap({ source, protocols: [redis()], exporters: [stdout({ stream, color: false })] });
  const flows: Flow[] = [];
  const heard: string[] = [];
  tap.on('flow', (flow) => flows.push(flow));
  tap.on('flow:message', ({ message }) => heard.push(message.content.text() ?? ''));
  await tap.start();
  const connection = new FakeConnection({ role: 'client', remote: { address: '127.0.0.1', port: 6379 } });
  source.play(
    connection.egress(command('GET', 'greeting')),
    connection.ingress(bulk('hello')),
    connection.egress(command('INCR', 'greeting')),
    connection.ingress('-ERR value is not an integer or out of range\r\n'),
    connection.egress(command('SUBSCRIBE', 'news')),
    connection.ingress(
      '*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n',
    ),
    connection.close(),
  );
  await tap.stop();
  return { flows, shown: shown.join(''), heard };
}

it('gives flows whose messages their protocol tells the type of', async () => {
  const { flows, heard } = await talk();
  const said = flows.map((flow) => {
    if (flow.protocol !== 'redis') return flow.protocol;
    // The name of the protocol narrows: this compiles only with the types of the package.
    return [flow.request?.command, flow.response?.value ?? flow.response?.error?.code];
  });
  expect(said).toEqual([
    ['GET', 'hello'],
    ['INCR', 'ERR'],
    ['SUBSCRIBE', [['subscribe', 'news', 1]]],
  ]);
  expect(flows).toMatchObject([
    { scheme: 'redis', destination: { port: 6379 }, complete: true },
    {},
    { messageCount: 1 },
  ]);
  expect(heard).toEqual(['hi']);
});

it('is shown to people as they would type it', async () => {
  const { shown } = await talk();
  expect(shown).toMatch(/→ \S+ {2}server\(100\) {2}GET greeting {2}"hello" {2}/);
  expect(shown).toMatch(/INCR greeting {2}ERR value is not an integer or out of range {2}/);
  expect(shown).toMatch(/↓ .* SUBSCRIBE news {2}message news {2}hi {2}2 B\n/);
});

it('has its values in the JSON, and not what is for people', async () => {
  const { flows } = await talk();
  const [first] = flows.map((flow) => JSON.parse(flowToJson(flow)));
  expect(first.request).toEqual({ kind: 'redis', command: 'GET', arguments: ['greeting'], argumentCount: 1, size: 27 });
  expect(first.response).toEqual({ kind: 'redis', value: 'hello', size: 11 });
});

it('satisfies the schema of flows', async () => {
  const file = new URL('../../core/schema/flow.schema.json', import.meta.url);
  const validate = new Ajv2020({ allErrors: true, strict: false }).compile(JSON.parse(readFileSync(file, 'utf8')));
  const { flows } = await talk();
  for (const flow of flows) {
    const json = JSON.parse(flowToJson(flow));
    expect(validate(json), JSON.stringify(validate.errors)).toBe(true);
    expect(validate({ ...json, request: { method: 'GET' } })).toBe(false);
  }
});
