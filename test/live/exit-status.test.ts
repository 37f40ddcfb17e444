// SPDX-License-Identifier: Apache-2.0
import { chmodSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { flowtap, startRun } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { useScene } from './support/scene.js';

const scene = useScene();

describeLive('flowtap run ends with', [], () => {
  test.each([
    ['0 of true', ['true'], 0],
    ['1 of false', ['false'], 1],
    ['the status of a shell', ['sh', '-c', 'exit 42'], 42],
    ['128+15 when SIGTERM ended the command', ['sh', '-c', 'kill -TERM $$'], 143],
    ['128+9 when SIGKILL ended the command', ['sh', '-c', 'kill -KILL $$'], 137],
    ['128+11 when SIGSEGV ended the command', ['sh', '-c', 'kill -SEGV $$'], 139],
  ] as const)('%s', async (_, command, status) => {
    expect(await flowtap(scene, ['run', '--', ...command])).toMatchObject({ status, stdout: '' });
  });

  test('127 and one sentence when the command does not exist', async () => {
    const { status, stderr } = await flowtap(scene, ['run', '--', 'no-such-command-here']);
    expect(status).toBe(127);
    expectSentences(stderr);
    expect(stderr).toMatch(/^flowtap: .*no-such-command-here.*not found/m);
  });

  test('126 and one sentence when the command may not be executed', async () => {
    writeFileSync(scene.path('data'), 'no program');
    chmodSync(scene.path('data'), 0o644);
    const { status, stderr } = await flowtap(scene, ['run', '--', scene.path('data')]);
    expect(status).toBe(126);
    expectSentences(stderr);
  });

  test.each([
    [2, 'SIGINT'],
    [15, 'SIGTERM'],
    [1, 'SIGHUP'],
    [3, 'SIGQUIT'],
  ] as const)('128+%i when %s comes to flowtap, which passes it on', async (number, signal) => {
    const capture = await (await startRun(scene, ['sh', '-c', 'echo started; exec sleep 60'])).ready();
    await capture.program.line();
    expect(await capture.stop(signal)).toMatchObject({ status: 128 + number });
  });

  test('the status of a command that handles the signal itself', async () => {
    const script = 'trap "echo caught; exit 7" USR1; echo started; while :; do sleep 0.05; done';
    const capture = await (await startRun(scene, ['sh', '-c', script])).ready();
    await capture.program.line();
    expect(await capture.stop('SIGUSR1')).toMatchObject({ status: 7, stdout: 'started\ncaught\n' });
  });
});

/** Every line is one of ours, none is a stack trace. */
function expectSentences(stderr: string): void {
  expect(stderr).toMatch(/^(flowtap: .+\n)+$/);
  expect(stderr).not.toMatch(/unexpected error| at .*:\d+:\d+/);
}
