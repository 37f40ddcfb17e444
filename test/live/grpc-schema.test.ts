// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { type Flow, parseJsonLines } from './support/flow.js';
import { attach, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { python, pythonScript } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();

/** What the program in Python printed about a call, as ProtoJSON. */
interface Call {
  readonly method: string;
  readonly sent: readonly unknown[];
  readonly received: readonly unknown[];
}

interface Half {
  readonly grpc: { readonly method?: string; readonly messages: readonly { readonly decoded: unknown }[] };
}

const nodeScript = fileURLToPath(new URL('./support/node/grpc-items.mjs', import.meta.url));
const protos = fileURLToPath(new URL('../../packages/grpc-schema/test/protos', import.meta.url));
const proto = `${protos}/echo.proto`;

/** Google's own compiler makes the program's classes. */
function compileProtos(): string {
  execFileSync('protoc', [`-I${protos}`, `--python_out=${scene.directory}`, 'echo.proto', 'common/color.proto']);
  return scene.directory;
}

/** The messages of both directions, by their schema, are what Google's library made of them. */
function expectCalls(flows: readonly Flow[], calls: readonly Call[], role: 'client' | 'server'): void {
  expect(flows.length).toBe(calls.length);
  for (const [i, { method, sent, received }] of calls.entries()) {
    const [requests, answers] = role === 'client' ? [sent, received] : [received, sent];
    const { request, response } = flows[i] as unknown as { readonly request: Half; readonly response: Half };
    const decoded = ({ grpc }: Half) => grpc.messages.map((message) => message.decoded);
    const typed = (type: string, list: readonly unknown[]) => list.map((json) => ({ type, json }));
    expect(request.grpc.method).toBe(method);
    expect(decoded(request)).toEqual(typed('test.v1.Item', requests));
    expect(decoded(response)).toEqual(typed(method === 'Unary' ? 'test.v1.Other' : 'test.v1.Item', answers));
  }
}

describeLive('gRPC messages by their schema', ['python:grpc', 'python:google.protobuf', 'protoc'], () => {
  test('of a client in Python and a server in Node.js, on both sides, by a .proto file', async () => {
    const classes = compileProtos();
    const server = await scene.start(process.execPath, [nodeScript, proto, 'server']);
    const capture = await attach(scene, ['--pid', server.pid, '--proto', proto]);
    const client = [python, pythonScript('grpc_items'), classes, 'client', `127.0.0.1:${await server.line(0)}`];
    const { flows, stdout, status } = await run(scene, client, ['--proto', 'echo.proto', '--proto-path', protos]);
    expect(status).toBe(0);
    const calls = parseJsonLines<Call>(stdout);
    expect(calls.map(({ method }) => method)).toEqual(['Unary', 'Unary', 'Unary', 'Chat']);
    expectCalls(flows, calls, 'client');
    expectCalls(await capture.flowCount(calls.length), calls, 'client');
  });

  test('of a client in Node.js and a server in Python, by a descriptor set', async () => {
    const classes = compileProtos();
    const set = scene.path('echo.bin');
    execFileSync('protoc', [`-I${protos}`, '--include_imports', `--descriptor_set_out=${set}`, 'echo.proto']);
    const server = await scene.start(python, [pythonScript('grpc_items'), classes, 'server']);
    const address = `127.0.0.1:${await server.line(0)}`;
    const { flows, stdout } = await run(
      scene,
      [process.execPath, nodeScript, proto, 'client', address],
      ['--proto', set],
    );
    expect(stdout).toBe('done\n');
    await server.line(4);
    const [, ...lines] = server.stdout.split('\n');
    const calls = parseJsonLines<Call>(lines.join('\n'));
    expectCalls(flows, calls, 'server');
  });
});
