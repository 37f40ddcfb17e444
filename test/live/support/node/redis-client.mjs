// SPDX-License-Identifier: Apache-2.0
// Usage: redis-client.mjs <url or socket> <2|3> commands|pipeline|subscribe. Prints what it asked and what it got, a line of
// JSON each: { "words": […], "reply": … } or { "words": […], "error": "…" }; bytes as { "base64": … }.
// commands: one after the other, each line of its input an array of words. pipeline: the same, all at once. subscribe:
// prints "subscribed" and each message of the channel "news", until its input ends.
import { createInterface } from 'node:readline';
import { createClient, RESP_TYPES } from 'redis';

const [where = '', version, scenario] = process.argv.slice(2);
const isUrl = where.includes('://');
const client = createClient({
  ...(isUrl ? { url: where } : {}),
  RESP: Number(version),
  disableClientInfo: true,
  socket: isUrl ? { ...(where.startsWith('rediss') ? { tls: true, rejectUnauthorized: false } : {}) } : { path: where },
}).withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
client.on('error', (error) => process.stderr.write(`${error.message}\n`));

const shown = (value) => {
  if (Buffer.isBuffer(value)) {
    const text = value.toString('utf8');
    return Buffer.from(text).equals(value) ? text : { base64: value.toString('base64') };
  }
  if (Array.isArray(value)) return value.map(shown);
  if (value instanceof Map) return [...value].map(([key, item]) => [shown(key), shown(item)]);
  if (value instanceof Error) return { error: value.message };
  if (value !== null && typeof value === 'object') {
    return Object.entries(value).map(([key, item]) => [key, shown(item)]);
  }
  return value;
};
const print = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);

async function ask(words) {
  try {
    return { words, reply: shown(await client.sendCommand(words)) };
  } catch (error) {
    return { words, error: error.message };
  }
}

await client.connect();
const lines = createInterface({ input: process.stdin });
if (scenario === 'subscribe') {
  await client.subscribe('news', (message) => print(message));
  print('subscribed');
  for await (const _ of lines);
  await client.unsubscribe('news');
} else {
  const asked = [];
  for await (const line of lines) {
    const words = JSON.parse(line);
    if (scenario === 'commands') print(await ask(words));
    else asked.push(ask(words));
  }
  for (const answer of await Promise.all(asked)) print(answer);
}
client.destroy();
