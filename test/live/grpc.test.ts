// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Flow, parseJsonLines } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();

/** What a peer printed about a call, as it saw it. */
interface Call {
  readonly kind: string;
  readonly sent: readonly string[];
  readonly received: readonly string[];
  readonly status: number;
}

interface GrpcHalf {
  readonly service?: string;
  readonly method?: string;
  readonly encoding?: string;
  readonly status?: number;
  readonly statusName?: string;
  readonly message?: string;
  readonly messageCount: number;
  readonly messages: readonly {
    readonly offsetMs: number;
    readonly compressed: boolean;
    readonly content: { readonly size: number; readonly text?: string; readonly base64?: string };
  }[];
}

const nodePeer = fileURLToPath(new URL('./support/node/grpc-peer.mjs', import.meta.url));
const peers = {
  node: (...args: readonly string[]) => [process.execPath, nodePeer, ...args] as const,
  python: (...args: readonly string[]) => [python, pythonScript('grpc_peer'), ...args] as const,
};

function half(message: Flow['request'] | Flow['response']): GrpcHalf {
  return (message as unknown as { readonly grpc: GrpcHalf }).grpc;
}

function texts(message: Flow['request'] | Flow['response']): readonly string[] {
  return half(message).messages.map(({ content: { text, base64 } }) =>
    base64 === undefined
      ? Buffer.from(text ?? '').toString('latin1')
      : Buffer.from(base64, 'base64').toString('latin1'),
  );
}

function expectCalls(flows: readonly Flow[], calls: readonly Call[], role: 'client' | 'server'): void {
  expect(flows.length).toBe(calls.length);
  for (const [i, { kind, sent, received, status }] of calls.entries()) {
    const flow = flows[i];
    expect(flow).toMatchObject({ protocol: 'grpc', role, complete: true, response: { status: 200 } });
    expect(half(flow?.request)).toMatchObject({ service: 'test.v1.Echo', method: kind });
    const [requests, answers] = role === 'client' ? [sent, received] : [received, sent];
    expect(texts(flow?.request)).toEqual(requests);
    expect(texts(flow?.response)).toEqual(answers);
    expect(half(flow?.response).status).toBe(status);
    const times = half(flow?.response).messages.map(({ offsetMs }) => offsetMs);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    for (const time of times) expect(time).toBeLessThanOrEqual((flow?.durationMs ?? 0) + 0.001);
  }
  const failed = half(flows[1]?.response);
  expect(failed).toMatchObject({
    statusName: 'NOT_FOUND',
    message: 'no such thing: 100% gone, größer',
    messageCount: 0,
  });
}

describeLive('gRPC, every kind of call, an error and gzip', ['python:grpc'], () => {
  test.each([
    ['python', 'node'],
    ['node', 'python'],
  ] as const)('a client in %s and a server in %s: messages are those that the programs saw', async (client, server) => {
    const [command, ...args] = peers[server]('server');
    const serving = await scene.start(command, args);
    const address = `127.0.0.1:${await serving.line(0)}`;
    const capture = await attach(scene, ['--pid', serving.pid]);
    const calling = await run(scene, peers[client]('client', address));
    const called = parseJsonLines<Call>(calling.stdout);
    expect(called.map(({ kind }) => kind)).toEqual(['Unary', 'Unary', 'Unary', 'Collect', 'Expand', 'Chat']);
    expectCalls(calling.flows, called, 'client');
    const squeezed = half(calling.flows[2]?.request);
    expect(squeezed).toMatchObject({ encoding: 'gzip', messages: [{ compressed: true }] });
    expect(squeezed.messages[0]?.content.size).toBeLessThan(100);

    const calledCount = called.length;
    const flows = await capture.flowCount(calledCount);
    await serving.line(calledCount);
    const [, ...lines] = serving.stdout.split('\n');
    const served = parseJsonLines<Call>(lines.join('\n'));
    expectCalls(flows, served, 'server');
  });
});
