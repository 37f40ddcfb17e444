// SPDX-License-Identifier: Apache-2.0
// node node-server.mjs certificate key: node:https answers every request with 1 KB. Prints {"port", "status"}; the second
// port answers, in plain HTTP, with the number of requests so far, that one included.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const BODY_BYTES = 1024;
const [certificate, key] = process.argv.slice(2);
const body = Buffer.from('Flowtap reads along. '.repeat(100).slice(0, BODY_BYTES));
const headers = { 'Content-Type': 'text/plain', 'Content-Length': body.length };
let requests = 0;

const server = createTlsServer({ cert: readFileSync(certificate), key: readFileSync(key) }, (_, response) => {
  requests += 1;
  response.writeHead(200, headers).end(body);
});
const status = createServer((_, response) => {
  requests += 1;
  response.end(String(requests));
});
server.listen(0, '127.0.0.1', () => {
  status.listen(0, '127.0.0.1', () => {
    process.stdout.write(`${JSON.stringify({ port: server.address().port, status: status.address().port })}\n`);
  });
});
