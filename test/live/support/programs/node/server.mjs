// SPDX-License-Identifier: Apache-2.0
// node:http or, with certificate and key as arguments, node:https. Prints {"port": n}.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const [certificate, key] = process.argv.slice(2);

function handle(request, response) {
  let bytes = 0;
  request.on('data', (chunk) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    response.writeHead(request.url.startsWith('/missing') ? 404 : 200, {
      'Content-Type': 'text/plain',
      'X-Client-Port': request.socket.remotePort,
    });
    response.end(`Node.js says target=${request.url} bytes=${bytes}\n`);
  });
}

const server =
  certificate === undefined
    ? createServer(handle)
    : createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, handle);
// Tests keep connections open for longer than the default of five seconds.
server.keepAliveTimeout = 120_000;
server.listen({ host: '127.0.0.1', port: 0, backlog: 512 }, () => {
  process.stdout.write(`${JSON.stringify({ port: server.address().port })}\n`);
});
