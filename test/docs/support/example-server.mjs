// SPDX-License-Identifier: Apache-2.0
// example-server.mjs <certificate> <key>: answers on ports 80 and 443, HTTP/2 too, as example.org does.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createSecureServer } from 'node:http2';

const [certificate = '', key = ''] = process.argv.slice(2);
const PAGE = '<!doctype html><title>Example Domain</title><h1>Example Domain</h1>\n';

function answer(request, response) {
  request.resume();
  if (request.url === '/missing') {
    response.writeHead(404, { 'content-type': 'text/plain' });
    response.end('there is no such page\n');
  } else {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end(PAGE);
  }
}

createServer(answer).listen(80, () => {
  const options = { cert: readFileSync(certificate), key: readFileSync(key), allowHTTP1: true };
  createSecureServer(options, answer).listen(443, () => process.stdout.write('ready\n'));
});
