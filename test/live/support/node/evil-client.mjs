// SPDX-License-Identifier: Apache-2.0
// evil-client.mjs <HTTP port> <line port> <n>: n times an HTTP request and a line on each of two connections that stay open;
// in the middle a connection whose line makes the parser of evil-plugin.mjs loop, and one whose line makes it throw.
import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { connect } from 'node:net';

const [httpPort, linePort, count] = process.argv.slice(2).map(Number);
const agent = new Agent({ keepAlive: true, maxSockets: 1 });

async function open() {
  const socket = connect(linePort, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

async function ask(socket, words) {
  socket.write(`EVIL ${words}\n`);
  await once(socket, 'data');
}

async function fetchPath(path) {
  const [response] = await once(get({ port: httpPort, host: '127.0.0.1', path, agent }), 'response');
  await response.resume();
  await once(response, 'end');
}

const good = await open();
for (let index = 0; index < count; index += 1) {
  await fetchPath(`/${index}`);
  await ask(good, `good ${index}`);
  if (index !== Math.floor(count / 2)) continue;
  for (const words of ['hang', 'throw']) {
    const bad = await open();
    await ask(bad, words);
    bad.destroy();
  }
}
good.destroy();
agent.destroy();
