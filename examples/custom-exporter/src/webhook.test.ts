// SPDX-License-Identifier: Apache-2.0
import { createServer, type RequestListener } from 'node:http';
import { text } from 'node:stream/consumers';
import { flowSamples, listen, testExporter } from '@flowtap/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { webhook } from './index.js';

/** A server on a free port of loopback. */
async function serve(listener: RequestListener): Promise<{ readonly url: string; close(): void }> {
  const server = createServer(listener);
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}/flows`,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function answerOf(listener: RequestListener) {
  const server = await serve(listener);
  onTestFinished(() => server.close());
  return webhook({ url: server.url }).export(flowSamples(), { signal: new AbortController().signal });
}

describe('webhook', () => {
  it('keeps what every exporter promises', async () => {
    await testExporter(async () => {
      const ids: string[] = [];
      const server = await serve(async (request, response) => {
        const lines = (await text(request)).split('\n').slice(0, -1);
        ids.push(...lines.map((line) => JSON.parse(line).id));
        response.end();
      });
      return { exporter: webhook({ url: server.url }), delivered: () => ids, dispose: server.close };
    });
  });

  it('asks for another attempt when the server has no time', async () => {
    const result = await answerOf((_, response) => response.writeHead(503, { 'retry-after': '2' }).end());
    expect(result).toMatchObject({ status: 'retry', afterMs: 2000, error: { message: 'the webhook answered 503' } });
  });

  it('gives up what the server refuses', async () => {
    const result = await answerOf((_, response) => response.writeHead(400).end());
    expect(result).toMatchObject({ status: 'failed', error: { message: 'the webhook answered 400' } });
  });

  it('waits for a server that is not there', async () => {
    const server = await serve(() => {});
    server.close();
    const signal = new AbortController().signal;
    expect(await webhook({ url: server.url }).export(flowSamples(), { signal })).toMatchObject({ status: 'retry' });
  });

  it('needs an address', () => {
    expect(() => webhook({ url: 'localhost:9000' })).toThrow(/'localhost:9000' is no address/);
  });
});
