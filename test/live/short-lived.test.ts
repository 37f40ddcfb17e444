// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { requestId } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { schemes } from './support/schemes.js';

const scene = useScene();
const certificate = useCertificate();

const RUNS = 100;

describeLive('commands that live for milliseconds', ['curl', 'openssl'], () => {
  test.each(schemes)(`a shell's ${RUNS} runs of curl over %s are ${RUNS} flows`, async (_, tls) => {
    const server = await PythonServer.start(scene, tls ? { certificate } : {});
    // Nothing of the shell has anything to do with TLS when the capture begins.
    const shell = await scene.start('sh');
    const capture = await attach(scene, ['--pid', shell.pid]);
    const loop = `i=0; while [ $i -lt ${RUNS} ]; do curl -sk "${server.url('/short')}?id=$i" >/dev/null || echo failed; i=$((i+1)); done; echo done`;
    shell.write(`${loop}\n`);
    expect(await shell.line()).toBe('done');
    const { flows, stats } = await capture.stop();
    const ids = flows.map((flow) => Number(requestId(flow))).toSorted((a, b) => a - b);
    expect(ids).toEqual(Array.from({ length: RUNS }, (_value, i) => i));
    for (const flow of flows) {
      expect(flow).toMatchObject({ tls, role: 'client', process: { comm: 'curl' }, complete: true });
    }
    expect(new Set(flows.map(({ process }) => process.pid)).size).toBe(RUNS);
    expect(new Set(flows.map(({ source }) => source?.port))).toEqual(
      new Set(server.requests().map(({ client }) => client?.[1])),
    );
    expect(stats).toMatchObject({ droppedEvents: 0, gaps: 0, opaqueConnections: 0 });
  });
});
