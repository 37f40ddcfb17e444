// SPDX-License-Identifier: Apache-2.0
// node mysql-client.mjs <port or socket> <plain|tls> <user> <password>: reads one JSON object a line, { sql, values }, executes it
// (prepared when there are values, where { hex } is bytes) and prints what the driver gave back as JSON. `null` instead of it: a
// ping. Prints "connected" first, "ended" last.
import { createInterface } from 'node:readline';
import mysql from 'mysql2/promise';

const [place, mode, user, password] = process.argv.slice(2);
const connection = await mysql.createConnection({
  ...(place.startsWith('/') ? { socketPath: place } : { host: '127.0.0.1', port: Number(place) }),
  ...(mode === 'tls' ? { ssl: { rejectUnauthorized: false } } : {}),
  ...{ user, password, multipleStatements: true, rowsAsArray: true, dateStrings: true },
});
process.stdout.write('connected\n');
for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await ask(JSON.parse(line)))}\n`);
}
await connection.end();
process.stdout.write('ended\n');

/** Of a text result: a value as the server wrote it. The driver does not say which of them are bytes, but names do here. */
function asWritten(field) {
  return ['data', 'raw', 'bits'].includes(field.name) ? shownBytes(field.buffer()) : field.string();
}

function shownBytes(bytes) {
  return bytes === null ? null : { hex: bytes.toString('hex') };
}

async function ask(statement) {
  try {
    if (statement === null) return await connection.ping();
    const { sql, values } = statement;
    if (values === undefined) return resultsOf(...(await connection.query({ sql, typeCast: asWritten })));
    const given = values.map((value) => (value?.hex === undefined ? value : Buffer.from(value.hex, 'hex')));
    return resultsOf(...(await connection.execute(sql, given)));
  } catch (error) {
    return { code: error.sqlState, message: error.message, errorNumber: error.errno };
  }
}

/** Of one statement the driver gives one result, of several a list. */
function resultsOf(results, fields) {
  const isList = Array.isArray(fields) && (fields[0] === undefined || Array.isArray(fields[0]));
  const each = isList ? results.map((result, i) => [result, fields[i]]) : [[results, fields]];
  return each.map(([result, columns]) =>
    columns === undefined
      ? { affectedRows: result.affectedRows, insertId: result.insertId }
      : { columns: columns.map(({ name }) => name), rows: result },
  );
}
