// SPDX-License-Identifier: Apache-2.0
// Prints two ports: of an HTTP server, and of one that answers each line.
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';

const http = createHttpServer((request, response) => response.end(request.url));
const lines = createServer((socket) => {
  socket.on('data', () => socket.write('fine\n'));
  socket.on('error', () => socket.destroy());
});
http.listen(0, '127.0.0.1', () =>
  lines.listen(0, '127.0.0.1', () => process.stdout.write(`${http.address().port} ${lines.address().port}\n`)),
);
