// SPDX-License-Identifier: Apache-2.0
// Usage: http2-client.mjs <origin>. One connection; each line of input, `GET /path` or `POST /path <bytes>`, is a
// request, and what came of it a line of JSON.
import { connect } from 'node:http2';
import { createInterface } from 'node:readline';

const session = connect(process.argv[2], { rejectUnauthorized: false });
let n = 0;

for await (const line of createInterface({ input: process.stdin })) {
  const [method, path, bytes] = line.split(' ');
  n += 1;
  const headers = { 'x-n': String(n), 'x-third': String(n % 3), 'user-agent': 'flowtap-test' };
  const stream = session.request({ ':method': method, ':path': path, ...headers });
  let status = 0;
  let body = '';
  stream.setEncoding('latin1');
  stream.on('response', (fields) => {
    status = fields[':status'];
  });
  stream.on('data', (text) => {
    body += text;
  });
  stream.end(bytes === undefined ? undefined : 'b'.repeat(Number(bytes)));
  await new Promise((resolve, reject) => stream.on('close', resolve).on('error', reject));
  process.stdout.write(`${JSON.stringify({ method, path, headers, sent: Number(bytes ?? 0), status, body })}\n`);
}
session.close();
