// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import type { Flow } from './support/flow.js';
import { attach, type CaptureEnd, run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();
const SIZE = 20 * 1024 * 1024;
const MIB = 1024 * 1024;
/** What the server sends at /bytes, and what is sent to it. */
const content = Buffer.from(
  Array.from({ length: SIZE / 16 }, (_, line) => `${String(line).padStart(15, '0')}\n`).join(''),
);

type Body = NonNullable<Flow['response']>['body'];

function only({ flows }: CaptureEnd): Flow {
  expect(flows).toHaveLength(1);
  return flows[0] as Flow;
}

/** Not one byte is unaccounted for: what is not there is in gaps of known size, what is there is right. */
function expectAccounted(flow: Flow, body: Body | undefined): void {
  expect(body?.size).toBe(SIZE);
  const missing = (flow.gaps ?? []).reduce((sum, gap) => sum + gap.bytes, 0);
  expect((body?.captured ?? 0) + missing).toBe(SIZE);
  if (missing > 0) expect(body?.truncated).toBe(true);
  else expect(body?.text === content.toString('latin1')).toBe(true);
}

describeLive('a body of 20 MB', ['curl', 'openssl'], () => {
  test.each(schemes)('has its exact size over %s, and its first MiB by default', async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const result = await run(scene, ['curl', '-sk', '-o', '/dev/null', server.url(`/bytes?count=${SIZE}`)]);
    const flow = only(result);
    expect(flow).toMatchObject({
      tls,
      response: { status: 200, body: { size: SIZE, captured: MIB, truncated: true } },
      complete: true,
    });
    expect(flow.response?.body.text === content.toString('latin1', 0, MIB)).toBe(true);
  });

  test.each(schemes)('is whole with a large --max-body over %s, or its gaps are sized', async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    const command = ['curl', '-sk', '-o', '/dev/null', server.url(`/bytes?count=${SIZE}`)];
    const result = await run(scene, command, ['--max-body', '32m', '--ring-size', '64m']);
    const flow = only(result);
    expect(flow).toMatchObject({ tls, response: { status: 200 }, complete: true });
    expectAccounted(flow, flow.response?.body);
  });

  test.each(schemes)('that is sent to a server over %s has its exact size too', async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    writeFileSync(scene.path('upload'), content);
    const capture = await attach(scene, ['--pid', server.pid, '--max-body', '32m', '--ring-size', '64m']);
    const url = server.url('/upload?id=up');
    await scene.run('curl', ['-sk', '-H', 'Expect:', '--data-binary', `@${scene.path('upload')}`, url]);
    const [flow] = await capture.flowCount(1);
    expect(flow).toMatchObject({ tls, request: { method: 'POST' }, response: { status: 200 }, complete: true });
    if (flow !== undefined) expectAccounted(flow, flow.request?.body);
    expect((await capture.stop()).stats.flows).toBe(1);
  });

  test('is left out with --max-body 0, and its size is told', async () => {
    const server = await PythonServer.start(scene, { certificate });
    const command = ['curl', '-sk', '-o', '/dev/null', server.url(`/bytes?count=${SIZE}`)];
    expect(only(await run(scene, command, ['--max-body', '0']))).toMatchObject({
      response: { body: { size: SIZE, captured: 0, truncated: true, text: '' } },
      complete: true,
    });
  });
});
