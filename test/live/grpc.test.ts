// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, parseJsonLines } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

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

function expectCalls(flows: readonly Flow[], calls: readonly Call[], expected: Partial<Flow>): void {
  expect(flows.length).toBe(calls.length);
  for (const [i, { kind, sent, received, status }] of calls.entries()) {
    const flow = flows[i];
    expect(flow).toMatchObject({ protocol: 'grpc', ...expected, complete: true, response: { status: 200 } });
    expect(half(flow?.request)).toMatchObject({ service: 'test.v1.Echo', method: kind });
    const [requests, answers] = expected.role === 'client' ? [sent, received] : [received, sent];
    expect(texts(flow?.request)).toEqual(requests);
    expect(texts(flow?.response)).toEqual(answers);
    expect(half(flow?.response).status).toBe(status);
    const times = half(flow?.response).messages.map(({ offsetMs }) => offsetMs);
    expect([...times].sort((a, b) => a - b)).toEqual(times);
    for (const time of times) expect(time).toBeLessThanOrEqual((flow?.durationMs ?? 0) + 0.001);
    if (status === 0) continue;
    expect(half(flow?.response)).toMatchObject({
      statusName: 'NOT_FOUND',
      message: 'no such thing: 100% gone, größer',
    });
  }
}

const KINDS = ['Unary', 'Unary', 'Unary', 'Collect', 'Collect', 'Expand', 'Expand', 'Chat'];
const pairs = [
  ['python', 'node'],
  ['node', 'python'],
] as const;
const combinations = pairs.flatMap((pair) => schemes.map((scheme) => [...pair, ...scheme] as const));

describeLive('gRPC: every kind of call, errors, gzip', ['python:grpc', 'openssl'], () => {
  test.each(combinations)(
    'a client in %s and a server in %s over %s: messages are those that the programs saw',
    async (client, server, scheme, tls) => {
      const [command, ...args] = peers[server]('server', ...(tls ? [certificate.file, certificate.key] : []));
      const serving = await scene.start(command, args);
      const address = `127.0.0.1:${await serving.line(0)}`;
      const capture = await attach(scene, ['--pid', serving.pid]);
      const calling = await run(scene, peers[client]('client', address, ...(tls ? [certificate.file] : [])));
      const called = parseJsonLines<Call>(calling.stdout);
      expect(called.map(({ kind }) => kind)).toEqual(KINDS);
      expectCalls(calling.flows, called, { role: 'client', scheme, tls });
      // Nothing but trailers: the server failed at once. Or trailers behind the messages that were sent before.
      expect(half(calling.flows[1]?.response)).toMatchObject({ status: 5, messageCount: 0 });
      expect(half(calling.flows[6]?.response)).toMatchObject({ status: 5, messageCount: 3 });
      const squeezed = half(calling.flows[2]?.request);
      expect(squeezed).toMatchObject({ encoding: 'gzip', messages: [{ compressed: true }] });
      expect(squeezed.messages[0]?.content.size).toBeLessThan(100);

      const calledCount = called.length;
      const flows = await capture.flowCount(calledCount);
      await serving.line(calledCount);
      const [, ...lines] = serving.stdout.split('\n');
      const served = parseJsonLines<Call>(lines.join('\n'));
      expectCalls(flows, served, { role: 'server', scheme, tls });
    },
  );
});
