// SPDX-License-Identifier: Apache-2.0
// node pg-client.mjs <port> <plain|tls> <password>: reads one JSON object a line, { text, values, name, binary, queryMode }, executes it
// and prints what the driver gave back as JSON. Prints "connected" first, "ended" last.
import { createInterface } from 'node:readline';
import pg from 'pg';

const [port, mode, password] = process.argv.slice(2);
// Values as the driver got them: text, or bytes.
const types = { getTypeParser: () => (value) => value };
const client = new pg.Client({
  ...{ host: '127.0.0.1', port: Number(port), user: 'postgres', database: 'postgres', password, types },
  ssl: mode === 'tls' ? { rejectUnauthorized: false } : false,
});
await client.connect();
process.stdout.write('connected\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await ask(JSON.parse(line)))}\n`);
}
await client.end();
process.stdout.write('ended\n');

async function ask({ bytes = [], ...query }) {
  const values = query.values?.map((value, i) => (bytes.includes(i) ? Buffer.from(value, 'hex') : value));
  try {
    const answer = await client.query({ ...query, values, rowMode: 'array' });
    return [answer].flat().map(({ command, rowCount, fields, rows }) => ({
      ...{ command, rowCount, columns: fields.map(({ name, dataTypeID }) => ({ name, dataTypeID })) },
      rows: rows.map((row) => row.map((value) => (Buffer.isBuffer(value) ? { hex: value.toString('hex') } : value))),
    }));
  } catch (error) {
    return { code: error.code, message: error.message };
  }
}
