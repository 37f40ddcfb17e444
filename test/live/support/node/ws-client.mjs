// SPDX-License-Identifier: Apache-2.0
// Usage: ws-client.mjs deflate|plain <url>. Prints "open"; sends each line of its input (`text …`, `binary <hex>`, `ping`),
// prints what comes back; closes with code 1000 at the end of its input.
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';

const [deflate, url] = process.argv.slice(2);
const socket = new WebSocket(url, {
  perMessageDeflate: deflate === 'deflate' ? { threshold: 0 } : false,
  rejectUnauthorized: false,
});
const print = (line) => process.stdout.write(`${line}\n`);
socket.on('message', (data, isBinary) => print(isBinary ? data.toString('hex') : data.toString()));
socket.on('pong', () => print('pong'));
socket.on('close', (code) => print(`closed ${code}`));
socket.on('open', () => {
  print('open');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => {
    const [kind, ...rest] = line.split(' ');
    if (kind === 'ping') socket.ping('are you there');
    else if (kind === 'binary') socket.send(Buffer.from(rest.join(' '), 'hex'));
    else socket.send(rest.join(' '));
  });
  lines.on('close', () => socket.close(1000, 'bye'));
});
