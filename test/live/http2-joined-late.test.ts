// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import type { Flow } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { type Answered, NodeHttp2 } from './support/node-http2.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

const UNKNOWN = '(unknown)';

/** Whatever the flow says is what the client knows; only what it calls unknown may be missing. */
function expectNothingWrong(flow: Flow | undefined, { method, path, headers, sent, status, body }: Answered): void {
  expect(flow).toMatchObject({
    protocol: 'http/2',
    joined: 'late',
    complete: true,
    request: { method, target: path, body: { size: sent } },
    response: { status, body: { text: body } },
  });
  for (const [name, value] of flow?.request?.headers ?? []) {
    if (name !== UNKNOWN && name in headers) expect(value).toBe(headers[name]);
  }
  for (const [name, value] of flow?.response?.headers ?? []) {
    if (name === 'x-path') expect(value).toBe(path);
    if (name === 'x-server') expect(value).toBe('node');
  }
  if (flow?.headersIncomplete === undefined) {
    const own = flow?.request?.headers.filter(([name]) => name in headers);
    expect(Object.fromEntries(own ?? [])).toEqual(headers);
  }
}

describeLive('an HTTP/2 connection that was open before the capture', ['openssl'], () => {
  test.each(schemes)(
    'over %s is right from its next request on, and says which headers it cannot know',
    async (_, tls) => {
      const pair = await NodeHttp2.start(scene, tls ? certificate : undefined);
      for (let i = 0; i < 100; i++) await pair.ask(`GET /before?n=${i}`);
      const server = await attach(scene, ['--pid', pair.server.pid]);
      const client = await attach(scene, ['--pid', pair.client.pid]);
      const asked: Answered[] = [];
      for (let i = 0; i < 30; i++)
        asked.push(await pair.ask(i % 3 === 2 ? `POST /after?n=${i} 40000` : `GET /after?n=${i}`));
      for (const capture of [server, client]) {
        const flows = await capture.flowCount(asked.length);
        expect(flows.length).toBe(asked.length);
        for (const [i, answered] of asked.entries()) expectNothingWrong(flows[i], answered);
        // The name of the user agent's field was sent long ago, and nothing since then can tell it.
        expect(flows[0]?.headersIncomplete).toBe(true);
      }
    },
  );
});
