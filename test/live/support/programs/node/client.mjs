// SPDX-License-Identifier: Apache-2.0
// Argument: http (node:http and node:https) or fetch. Driven as python/lines.py says.
import http from 'node:http';
import https from 'node:https';
import { createInterface } from 'node:readline';

const [kind] = process.argv.slice(2);
const options = { keepAlive: true, rejectUnauthorized: false };
const agents = { 'http:': new http.Agent(options), 'https:': new https.Agent(options) };

function requestByHttp({ method, url, body, fresh }) {
  const { protocol } = new URL(url);
  const module = protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    const agent = fresh ? false : agents[protocol];
    const request = module.request(url, { method, agent, rejectUnauthorized: false }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}

async function requestByFetch({ method, url, body, fresh }) {
  // fetch keeps a connection for each origin, so another name of the same server needs another one.
  const response = await fetch(fresh ? url.replace('127.0.0.1', 'localhost') : url, { method, body });
  return { status: response.status, text: await response.text() };
}

const request = kind === 'fetch' ? requestByFetch : requestByHttp;

async function load({ url, count, concurrency }) {
  const failures = [];
  let next = 1;
  const work = async () => {
    while (next <= count) {
      const target = `${url}&id=${next++}`;
      try {
        const { status } = await request({ method: 'GET', url: target });
        if (status !== 200) failures.push(`${target}: ${status}`);
      } catch (error) {
        failures.push(`${target}: ${error}`);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return { failures };
}

process.stdout.write('ready\n');
for await (const line of createInterface({ input: process.stdin })) {
  const wanted = JSON.parse(line);
  const answer = wanted.count === undefined ? await request(wanted) : await load(wanted);
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
process.exit(0);
