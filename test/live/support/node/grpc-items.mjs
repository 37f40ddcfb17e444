// SPDX-License-Identifier: Apache-2.0
// Usage: grpc-items.mjs <echo.proto> server | client <address>. The service of grpc_items.py, by @grpc/proto-loader. The server
// prints its port, the client a line when it has made its calls.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
const grpc = require('@grpc/grpc-js');
const { loadSync } = require('@grpc/proto-loader');
const [proto, role, address] = process.argv.slice(2);
const { Echo } = grpc.loadPackageDefinition(
  loadSync(proto, { includeDirs: [dirname(proto)], longs: String, enums: Number }),
).test.v1;

function serve() {
  const server = new grpc.Server();
  server.addService(Echo.service, {
    Unary: ({ request: { itemName = '' } }, answer) => answer(null, { id: itemName.length }),
    Chat(call) {
      call.on('data', (item) => call.write(item));
      call.on('end', () => call.end());
    },
  });
  server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (_error, port) => {
    process.stdout.write(`${port}\n`);
  });
}

async function call() {
  const client = new Echo(address, grpc.credentials.createInsecure(), { 'grpc.default_compression_algorithm': 2 });
  const items = [{ itemName: 'größe', bigNumber: '9007199254740993', counts: { a: -1 }, color: 1 }, { text: '' }, {}];
  for (const item of items) await new Promise((resolve) => client.Unary(item, resolve));
  await new Promise((resolve) => {
    const chat = client
      .Chat()
      .on('data', () => {})
      .on('status', resolve);
    for (const item of items) chat.write(item);
    chat.end();
  });
  client.close();
  process.stdout.write('done\n');
}

if (role === 'server') serve();
else await call();
