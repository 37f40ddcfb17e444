// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { type Flow, only } from './support/flow.js';
import { attach, startFlowtap, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import type { Program } from './support/program.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const certificate = useCertificate();

const script = (name: string) => fileURLToPath(new URL(`./support/node/${name}.mjs`, import.meta.url));

/** `client text hello`; what the programs sent as bytes as hexadecimal digits. */
function linesOf(flow: Flow): readonly string[] {
  return (flow.messages ?? []).map(({ sender, type, content, closeCode }) => {
    const bytes = Buffer.from(content.base64 ?? content.text ?? '', content.base64 === undefined ? 'utf8' : 'base64');
    const shown = bytes.toString(type === 'binary' ? 'hex' : 'utf8');
    return [sender, type, closeCode, shown].filter((part) => part !== undefined && part !== '').join(' ');
  });
}

const LONG = 'a sentence that is said many times; '.repeat(2000);

/** Lines for the client's input, and what is said because of them. */
const INPUT = ['text hello', 'text hello again', 'binary 00ff01', 'ping', `text ${LONG}`];
const EXPECTED = [
  'client text hello',
  'server text HELLO',
  'client text hello again',
  'server text HELLO AGAIN',
  'client binary 00ff01',
  'server binary 00ff01',
  'client ping are you there',
  'server pong are you there',
  `client text ${LONG}`,
  `server text ${LONG.toUpperCase()}`,
  'client close 1000 bye',
  'server close 1000 bye',
];

/** Sends line by line, each when the one before was answered. */
async function talk(client: Program): Promise<void> {
  expect(await client.line(0)).toBe('open');
  for (const [i, line] of INPUT.entries()) {
    client.write(`${line}\n`);
    await client.line(i + 1);
  }
  client.closeInput();
  expect(await client.line(INPUT.length + 1)).toBe('closed 1000');
}

async function startServer(mode: string, isTls: boolean) {
  const files = isTls ? [certificate.file, certificate.key] : [];
  const server = await scene.start(process.execPath, [script('ws-server'), mode, ...files]);
  return { server, url: `${isTls ? 'wss' : 'ws'}://127.0.0.1:${await server.line(0)}/chat?room=1` };
}

function expectConversation(flow: Flow, role: 'client' | 'server', mode: string, isTls: boolean): void {
  expect(flow).toMatchObject({
    protocol: 'websocket',
    scheme: isTls ? 'wss' : 'ws',
    tls: isTls,
    role,
    request: { method: 'GET', target: '/chat?room=1' },
    response: { status: 101 },
    complete: true,
    messageCount: EXPECTED.length,
  });
  expect(linesOf(flow)).toEqual(EXPECTED);
  const compressed = flow.messages?.filter((message) => message.compressed === true);
  expect(compressed?.length).toBe(mode === 'deflate' ? 8 : 0);
}

describeLive('ws client and server', ['openssl'], () => {
  describe.each([
    ['plain', false],
    ['deflate', false],
    ['plain', true],
    ['deflate', true],
  ])('%s, TLS: %s', (mode, isTls) => {
    test('the server: one flow with every message', async () => {
      const { server, url } = await startServer(mode, isTls);
      const capture = await attach(scene, ['--pid', server.pid]);
      await talk(await scene.start(process.execPath, [script('ws-client'), mode, url]));
      await capture.flowCount(1);
      const { flows } = await capture.stop();
      expectConversation(only(flows), 'server', mode, isTls);
    });

    test('the client: the same', async () => {
      const { url } = await startServer(mode, isTls);
      const capture = await startRun(scene, [process.execPath, script('ws-client'), mode, url]);
      await talk(capture.program);
      const { flows } = await capture.end();
      expectConversation(only(flows), 'client', mode, isTls);
    });
  });

  test('messages are shown while the connection is open', async () => {
    const { server, url } = await startServer('deflate', false);
    const shown = await startFlowtap(scene, ['attach', '--pid', String(server.pid)]);
    await shown.says('flowtap: capturing');
    const client = await scene.start(process.execPath, [script('ws-client'), 'deflate', url]);
    expect(await client.line(0)).toBe('open');
    await shown.printed(/GET ws:\S+\/chat\?room=1 {2}101 Switching Protocols {2}open\n/);
    client.write('text is anybody here\n');
    await shown.printed(/↓ .* text {2}is anybody here/);
    await shown.printed(/↑ .* text {2}IS ANYBODY HERE/);
    expect(client.isRunning).toBe(true);
    expect(shown.stdout).not.toMatch(/\d messages?\n/);
    client.closeInput();
    await shown.printed(/close 1000 {2}bye/);
    await shown.printed(/ 4 messages\n/);
    await shown.stop('SIGINT');
  });

  test('a connection that was open before the capture: what can be known, and that it began before', async () => {
    const { server, url } = await startServer('plain', false);
    const client = await scene.start(process.execPath, [script('ws-client'), 'plain', url]);
    client.write('text before the capture\n');
    await client.line(1);
    const capture = await attach(scene, ['--pid', server.pid]);
    for (let i = 0; i < 4; i++) {
      client.write(`text a sentence of enough length to be certain of it, number ${i}\n`);
      await client.line(i + 2);
    }
    client.closeInput();
    await client.line(6);
    await capture.flowCount(1);
    const flow = only((await capture.stop()).flows);
    expect(flow).toMatchObject({ protocol: 'websocket', joined: 'late', error: { code: 'request-not-captured' } });
    const lines = linesOf(flow);
    expect(lines).toContain('client text a sentence of enough length to be certain of it, number 3');
    expect(lines).not.toContain('client text before the capture');
  });
});
