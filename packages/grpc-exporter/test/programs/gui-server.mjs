// SPDX-License-Identifier: Apache-2.0
// node gui-server.mjs [port]: the GUI's side of api.proto. Prints what it is told as JSON lines, before it answers, so that
// what was acknowledged is never lost, however it ends. Reads commands as JSON lines: {"set_settings":[ids]},
// {"answer":"at once"|"never"|{"afterMs":n}}.
import { isUtf8 } from 'node:buffer';
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadPackageDefinition, Server, ServerCredentials } from '@grpc/grpc-js';
import protoLoader from '@grpc/proto-loader';

const definition = protoLoader.loadSync(fileURLToPath(new URL('../../proto/api/api.proto', import.meta.url)), {
  keepCase: true,
  oneofs: true,
  defaults: true,
});
const { api } = loadPackageDefinition(definition);
const protocols = ['http', 'http2', 'grpc', 'psql', 'mysql'];
const payloads = { http_request: 'text', http_response: 'text', grpc_request: 'messages', grpc_response: 'messages' };

/** Ids of flows whose request came. */
const requested = new Set();
const commandStreams = new Set();
let answer = 'at once';

const server = new Server();
server.addService(api.TrayceAgent.service, {
  OpenCommandStream(call) {
    let started = false;
    commandStreams.add(call);
    call.on('data', ({ version }) => {
      if (started) say({ violation: 'a second message on the command stream' });
      started = true;
      if (!isNewEnough(version)) say({ violation: `the version ${version} is too old` });
      say({ agent: version });
    });
    call.on('end', () => call.end());
    call.on('close', () => commandStreams.delete(call));
    call.on('error', () => {});
  },
  SendContainersObserved({ request }, callback) {
    say({ containers: request.containers, atMs: performance.now() });
    reply(callback);
  },
  SendFlowsObserved({ request }, callback) {
    const violations = request.flows.flatMap((flow) => violationsOf(flow));
    for (const violation of violations) say({ violation });
    // One bad flow costs the batch.
    if (violations.length === 0) for (const flow of request.flows) say({ flow: printable(flow) });
    reply(callback);
  },
});

server.bindAsync(`127.0.0.1:${process.argv[2] ?? 0}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  say({ listening: port });
});

createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line);
  if (command.answer !== undefined) answer = command.answer;
  if (command.set_settings !== undefined) {
    for (const stream of commandStreams) {
      stream.write({ type: 'set_settings', settings: { container_ids: command.set_settings, license_key: '' } });
    }
  }
  say({ done: command });
});

function say(fact) {
  const line = Buffer.from(`${JSON.stringify(fact)}\n`);
  for (let written = 0; written < line.length; ) {
    try {
      written += writeSync(1, line, written);
    } catch (error) {
      // The reader is slower; only it can help.
      if (error.code !== 'EAGAIN') throw error;
    }
  }
}

function reply(callback) {
  if (answer === 'at once') callback(null, { status: 'ok' });
  else if (answer.afterMs !== undefined) setTimeout(() => callback(null, { status: 'ok' }), answer.afterMs);
}

function isNewEnough(version) {
  const match = /^(\d+)\.(\d+)\.(\d+)$/.exec(version);
  if (match === null) return false;
  const [major, minor, patch] = match.slice(1).map(Number);
  return major > 1 || (major === 1 && (minor > 0 || patch >= 5));
}

function violationsOf(flow) {
  const { uuid, request, response, l7_protocol: l7, l4_protocol: l4 } = flow;
  const problems = [];
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)) problems.push('its uuid is none');
  if (!protocols.includes(l7) || l4 !== 'tcp') problems.push(`its protocols are ${l4} and ${l7}`);
  if ((request === undefined) === (response === undefined)) problems.push('it is not either a request or a response');
  if (request !== undefined) requested.add(uuid);
  else if (!requested.has(uuid)) problems.push('its response came before its request');
  const payload = flow[request ?? response]?.payload;
  const form = payloads[request ?? response];
  if (form === 'text' && !isUtf8(payload)) problems.push('its payload is not UTF-8');
  if (form === 'messages' && !isMessages(payload)) problems.push('its payload is not gRPC messages');
  return problems.map((problem) => `flow ${uuid}: ${problem}`);
}

function isMessages(payload) {
  let at = 0;
  while (at + 5 <= payload.length && payload[at] === 0) at += 5 + payload.readUInt32BE(at + 1);
  return at === payload.length;
}

function printable(flow) {
  const half = flow[flow.request ?? flow.response];
  const encoding = payloads[flow.request ?? flow.response] === 'text' ? 'utf8' : 'base64';
  return { ...flow, [flow.request ?? flow.response]: { ...half, payload: half.payload?.toString(encoding) } };
}
