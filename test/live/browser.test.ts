// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { startChromium } from './support/chromium.js';
import type { Flow } from './support/flow.js';
import { attach } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PageServer } from './support/page-server.js';
import { useScene } from './support/scene.js';

const scene = useScene();

function find(flows: readonly Flow[], target: string): Flow | undefined {
  return flows.find((flow) => flow.request?.target === target);
}

function said(flow: Flow | undefined, sender: 'client' | 'server'): readonly (string | undefined)[] {
  const messages = flow?.messages?.filter((message) => message.sender === sender && message.type === 'text');
  return messages?.map(({ content }) => content.text) ?? [];
}

describeLive('Chromium and a page with WebSocket and EventSource, observed at the server', ['chromium'], () => {
  test('everything that the page says it got', { timeout: 120_000 }, async () => {
    const server = await PageServer.start(scene);
    const capture = await attach(scene, ['--pid', server.program.pid]);
    await startChromium(scene, [server.url('/')]);
    const got = JSON.parse(await server.program.line(1)) as Record<'messages' | 'events', readonly string[]>;
    await server.program.stop();
    const { flows } = await capture.end();

    const socket = find(flows, '/socket');
    expect(socket).toMatchObject({ protocol: 'websocket', role: 'server', complete: true, response: { status: 101 } });
    expect(said(socket, 'server')).toEqual(got.messages);
    expect(said(socket, 'client')).toEqual(['hello from the page', 'again and again and again']);
    expect(socket?.messages?.filter(({ compressed }) => compressed === true)).toHaveLength(4);
    expect(socket?.messages?.at(-1)).toMatchObject({ type: 'close', closeCode: 1000 });

    const events = find(flows, '/events?count=3')?.response?.eventStream?.events;
    expect(events?.map(({ id, content }) => `${id} ${content.text}`)).toEqual(got.events);
    expect(got.events).toEqual(['1 number 1', '2 number 2', '3 number 3']);
    expect(find(flows, '/')).toMatchObject({ response: { status: 200 }, complete: true });
  });
});
