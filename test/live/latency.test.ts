// SPDX-License-Identifier: Apache-2.0
import { get } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const REQUESTS = 15;

/** Resolves with the time of the last byte. */
function request(url: string): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, (response) => response.resume().on('end', () => resolve(performance.now()))).on('error', reject);
  });
}

describeLive('a flow', [], () => {
  test('is in the file within 200 ms of its last byte, in a quiet capture and in a busy one', async () => {
    const server = await PythonServer.start(scene);
    const capture = await attach(scene, ['--pid', server.pid]);
    const delaysMs: number[] = [];
    for (let count = 1; count <= REQUESTS; count++) {
      // Long enough for everything in between to fall asleep, in the first ones.
      if (count <= REQUESTS / 2) await sleep(150);
      const lastByte = await request(server.url(`/echo?id=${count}`));
      await capture.flowCount(count);
      delaysMs.push(performance.now() - lastByte);
    }
    expect(Math.max(...delaysMs)).toBeLessThan(200);
  });
});
