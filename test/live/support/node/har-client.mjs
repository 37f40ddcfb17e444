// SPDX-License-Identifier: Apache-2.0
// har-client.mjs <base URL> <HTTP/2 base URL> <WebSocket URL>: makes requests of all kinds one after the other, and prints a line
// of JSON for each, as it saw it.
import { connect } from 'node:http2';
import WebSocket from 'ws';

const [base, http2Base, webSocketUrl] = process.argv.slice(2);

const EXCHANGES = [
  { target: '/plain?a=1&b=x%20y' },
  { target: '/gzip' },
  { target: '/binary' },
  { target: '/cookies', headers: { cookie: 'session=1; theme=dark' } },
  {
    target: '/posted',
    method: 'POST',
    body: Buffer.from('{"name":"größer"}'),
    headers: { 'content-type': 'application/json' },
  },
  {
    target: '/uploaded',
    method: 'PUT',
    body: Buffer.from([0, 1, 0xff, 0xfe]),
    headers: { 'content-type': 'application/x-raw' },
  },
  { target: '/missing', method: 'DELETE' },
  { target: '/moved' },
  { target: '/slow' },
  { target: '/large' },
];

function tell(exchange, beganMs, { status, headers, body }) {
  const { target, method = 'GET', body: sent } = exchange;
  const seen = { method, target, status, headers, beganMs, endedMs: Date.now() };
  const bodies = { requestBody: sent?.toString('base64') ?? '', responseBody: Buffer.from(body).toString('base64') };
  process.stdout.write(`${JSON.stringify({ ...seen, ...bodies })}\n`);
}

async function overHttp1(exchange) {
  const beganMs = Date.now();
  const { target, ...init } = exchange;
  const response = await fetch(base + target, { redirect: 'manual', ...init });
  const body = await response.arrayBuffer();
  tell(exchange, beganMs, { status: response.status, headers: [...response.headers], body });
}

function overHttp2(session, exchange) {
  const beganMs = Date.now();
  const { target, method = 'GET', headers = {}, body } = exchange;
  return new Promise((resolve, reject) => {
    const stream = session.request({ ':path': target, ':method': method, ...headers });
    const chunks = [];
    let received;
    stream.on('response', (fields) => {
      received = fields;
    });
    stream.on('data', (chunk) => chunks.push(chunk));
    stream.on('error', reject);
    stream.on('end', () => {
      const names = Object.entries(received).filter(([name]) => !name.startsWith(':'));
      tell(exchange, beganMs, { status: received[':status'], headers: names, body: Buffer.concat(chunks) });
      resolve();
    });
    stream.end(body);
  });
}

for (const exchange of EXCHANGES) await overHttp1(exchange);
const session = connect(http2Base, { rejectUnauthorized: false });
for (const exchange of EXCHANGES.filter(({ target }) => target !== '/gzip')) await overHttp2(session, exchange);
await new Promise((resolve) => session.close(resolve));

const socket = new WebSocket(webSocketUrl, { rejectUnauthorized: false });
await new Promise((resolve) => socket.once('open', resolve));
for (const message of ['hello', Buffer.from([0, 1, 255])]) {
  socket.send(message);
  const [data, isBinary] = await new Promise((resolve) => socket.once('message', (...answer) => resolve(answer)));
  process.stdout.write(`${JSON.stringify({ message: data.toString('base64'), isBinary })}\n`);
}
socket.close();
