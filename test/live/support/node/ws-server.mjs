// SPDX-License-Identifier: Apache-2.0
// Usage: ws-server.mjs deflate|plain [certificate key]. Prints its port, then a line of JSON for each message of a client:
// echoes it, upper case when it is text.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { WebSocketServer } from 'ws';

const [deflate, certificate, key] = process.argv.slice(2);
const server =
  certificate === undefined
    ? createServer()
    : createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
const perMessageDeflate = deflate === 'deflate' ? { threshold: 0 } : false;
const wss = new WebSocketServer({ server, perMessageDeflate });
wss.on('connection', (socket) => {
  socket.on('message', (data, isBinary) => {
    const text = data.toString(isBinary ? 'hex' : 'utf8');
    process.stdout.write(`${JSON.stringify({ isBinary, text })}\n`);
    socket.send(isBinary ? data : text.toUpperCase());
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
