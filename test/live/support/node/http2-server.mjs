// SPDX-License-Identifier: Apache-2.0
// Usage: http2-server.mjs [certificate key]. Prints its port, then a line of JSON about each request.
import { readFileSync } from 'node:fs';
import { createSecureServer, createServer } from 'node:http2';

const [certificate, key] = process.argv.slice(2);
const server =
  certificate === undefined
    ? createServer()
    : createSecureServer({ cert: readFileSync(certificate), key: readFileSync(key) });
server.on('stream', (stream, headers) => {
  const chunks = [];
  stream.on('error', () => {});
  stream.on('data', (bytes) => chunks.push(bytes));
  stream.on('end', () => {
    const body = Buffer.concat(chunks);
    const path = headers[':path'];
    const status = path.includes('missing') ? 404 : 200;
    stream.respond({ ':status': status, 'content-type': 'text/plain', 'x-path': path, 'x-server': 'node' });
    stream.end(`${headers[':method']} ${path} ${body.length}\n`);
  });
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`));
