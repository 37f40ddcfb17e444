// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { only } from './support/flow.js';
import { attach, run, startFlowtap } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PageServer } from './support/page-server.js';
import { useScene } from './support/scene.js';

const scene = useScene();

describeLive('server-sent events from Node.js to curl', ['curl'], () => {
  test('both sides: one flow with every event', async () => {
    const server = await PageServer.start(scene);
    const capture = await attach(scene, ['--pid', server.program.pid]);
    const { flows, stdout } = await run(scene, ['curl', '-sN', server.url('/events?count=3')]);
    await capture.flowCount(1);
    for (const flow of [only(flows), only((await capture.stop()).flows)]) {
      expect(flow).toMatchObject({
        complete: true,
        response: {
          body: { text: stdout },
          eventStream: {
            eventCount: 3,
            events: [1, 2, 3].map((n) => ({ event: 'tick', id: String(n), content: { text: `number ${n}` } })),
          },
        },
      });
    }
  });

  test('events are shown while the response is under way', async () => {
    const server = await PageServer.start(scene);
    const shown = await startFlowtap(scene, ['attach', '--pid', String(server.program.pid)]);
    await shown.says('flowtap: capturing');
    const client = await scene.start('curl', ['-sN', server.url('/events')]);
    // The server writes to clients that are there: it says so.
    await server.program.printed(/open\n/);
    server.program.write('first\n');
    await shown.printed(/↑ .*\/events {2}message {2}first/);
    server.program.write('second\n');
    await shown.printed(/↑ .*\/events {2}message {2}second/);
    expect(client.isRunning).toBe(true);
    expect(shown.stdout).not.toContain('200 OK');
    server.program.write('end\n');
    await shown.printed(/GET http:\S+\/events {2}200 OK/);
    await shown.stop('SIGINT');
  });
});
