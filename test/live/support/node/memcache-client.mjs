// SPDX-License-Identifier: Apache-2.0
// memcache-client.mjs <port>: talks to a server and prints, as JSON lines, what it asked and what it got.
import { once } from 'node:events';
import { connect } from 'node:net';

const socket = connect(Number(process.argv[2]), '127.0.0.1').setEncoding('latin1');
await once(socket, 'connect');

/** Sends a command, and reads until the line that ends its reply. */
async function ask(line, value) {
  socket.write(value === undefined ? `${line}\r\n` : `${line}\r\n${value}\r\n`);
  let reply = '';
  while (!/(?:^|\r\n)(?:END|STORED|NOT_STORED|DELETED|NOT_FOUND|\d+|VERSION .*|ERROR)\r\n$/.test(reply)) {
    const [part] = await once(socket, 'data');
    reply += part;
  }
  const status = reply.trimEnd().split('\r\n').at(-1);
  const found = /^VALUE \S+ \d+ (\d+)\r\n/.exec(reply);
  const item = found === null ? undefined : reply.slice(found[0].length, found[0].length + Number(found[1]));
  process.stdout.write(`${JSON.stringify({ line, value, status, item })}\n`);
}

await ask('set greeting 0 0 5', 'hello');
await ask('get greeting');
await ask('get missing');
await ask('set lines 0 0 12', 'a\r\nEND\r\n\r\nzz');
await ask('get lines');
await ask('set large 0 0 100000', 'x'.repeat(100_000));
await ask('get large');
await ask('set n 0 0 1', '7');
for (let index = 0; index < 100; index += 1) await ask('incr n 1');
await ask('delete greeting');
await ask('delete greeting');
await ask('nonsense');
await ask('version');
socket.end('quit\r\n');
