// SPDX-License-Identifier: Apache-2.0
// Usage: grpc-peer.mjs server [<certificate> <key>] | client <address> [<certificate>]. Service test.v1.Echo with messages
// that are bytes. The server prints its port; both print a line of JSON about each call as they saw it.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const grpc = createRequire(import.meta.url)('@grpc/grpc-js');
const [role, ...rest] = process.argv.slice(2);
const bytes = (value) => value;
const method = (name, requestStream, responseStream) => ({
  path: `/test.v1.Echo/${name}`,
  requestStream,
  responseStream,
  requestSerialize: bytes,
  requestDeserialize: bytes,
  responseSerialize: bytes,
  responseDeserialize: bytes,
});
const service = {
  Unary: method('Unary', false, false),
  Collect: method('Collect', true, false),
  Expand: method('Expand', false, true),
  Chat: method('Chat', true, true),
};
const failure = { code: grpc.status.NOT_FOUND, details: 'no such thing: 100% gone, größer' };

function say(kind, sent, received, status = 0) {
  const texts = (list) => list.map((one) => one.toString('latin1'));
  process.stdout.write(`${JSON.stringify({ kind, sent: texts(sent), received: texts(received), status })}\n`);
}

function serve(certificate, key) {
  const server = new grpc.Server();
  server.addService(service, {
    Unary(call, callback) {
      if (call.request.toString() === 'fail') {
        say('Unary', [], [call.request], failure.code);
        callback(failure);
        return;
      }
      const answer = Buffer.concat([Buffer.from('re:'), call.request]);
      say('Unary', [answer], [call.request]);
      callback(null, answer);
    },
    Collect(call, callback) {
      const received = [];
      call.on('data', (one) => received.push(one));
      call.on('end', () => {
        if (received[0]?.toString() === 'fail') {
          say('Collect', [], received, failure.code);
          callback(failure);
          return;
        }
        const answer = Buffer.concat(received);
        say('Collect', [answer], received);
        callback(null, answer);
      });
    },
    Expand(call) {
      const sent = [1, 2, 3].map((n) => Buffer.concat([call.request, Buffer.from(`#${n}`)]));
      for (const one of sent) call.write(one);
      const fails = call.request.toString() === 'fail';
      say('Expand', sent, [call.request], fails ? failure.code : 0);
      if (fails) call.emit('error', failure);
      else call.end();
    },
    Chat(call) {
      const received = [];
      const sent = [];
      call.on('data', (one) => {
        received.push(one);
        sent.push(Buffer.concat([Buffer.from('>'), one]));
        call.write(sent.at(-1));
      });
      call.on('end', () => {
        say('Chat', sent, received);
        call.end();
      });
    },
  });
  const pair = certificate && { private_key: readFileSync(key), cert_chain: readFileSync(certificate) };
  const { createInsecure, createSsl } = grpc.ServerCredentials;
  server.bindAsync('127.0.0.1:0', pair ? createSsl(null, [pair]) : createInsecure(), (_error, port) => {
    process.stdout.write(`${port}\n`);
  });
}

async function call(address, certificate) {
  const Client = grpc.makeGenericClientConstructor(service, 'Echo');
  const { createInsecure, createSsl } = grpc.credentials;
  const credentials = certificate ? createSsl(readFileSync(certificate)) : createInsecure();
  const client = new Client(address, credentials);
  const gzip = new Client(address, credentials, { 'grpc.default_compression_algorithm': 2 });
  const unary = (which, request) =>
    new Promise((resolve) => {
      which.Unary(request, (error, answer) => {
        say('Unary', [request], error ? [] : [answer], error?.code ?? 0);
        resolve();
      });
    });
  await unary(client, Buffer.from('hello\xff', 'latin1'));
  await unary(client, Buffer.from('fail'));
  await unary(gzip, Buffer.from('squeeze '.repeat(100)));
  const parts = ['a', 'bb', 'ccc'].map((text) => Buffer.from(text));
  const collect = (sent) =>
    new Promise((resolve) => {
      const stream = client.Collect((error, answer) => {
        say('Collect', sent, error ? [] : [answer], error?.code ?? 0);
        resolve();
      });
      for (const part of sent) stream.write(part);
      stream.end();
    });
  await collect(parts);
  await collect([Buffer.from('fail')]);
  const gather = (kind, stream, sent) =>
    new Promise((resolve) => {
      const received = [];
      stream.on('data', (one) => received.push(one));
      stream.on('error', () => {});
      stream.on('status', ({ code }) => {
        say(kind, sent, received, code);
        resolve();
      });
    });
  for (const text of ['x', 'fail']) {
    await gather('Expand', client.Expand(Buffer.from(text)), [Buffer.from(text)]);
  }
  const chat = client.Chat();
  const gathered = gather('Chat', chat, parts);
  for (const part of parts) chat.write(part);
  chat.end();
  await gathered;
  client.close();
  gzip.close();
}

if (role === 'server') serve(...rest);
else await call(...rest);
