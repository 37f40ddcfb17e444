// SPDX-License-Identifier: Apache-2.0
import { chmodSync } from 'node:fs';
import { expect, test } from 'vitest';
import { cliPath, flowtap } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import type { Ended } from './support/program.js';
import { useScene } from './support/scene.js';
import { NOBODY, unprivilegedCopy } from './support/unprivileged.js';

const scene = useScene();

/** One line, ours, that says what is wrong and nothing of where in the code. */
function expectRefusal({ status, stdout, stderr }: Ended, says: RegExp): void {
  expect(stderr).toMatch(/^flowtap: .+\n$/);
  expect(stderr).toMatch(says);
  expect(stderr).not.toMatch(/unexpected error|\.js:\d+| at .*\(/);
  expect(status).toBeGreaterThan(0);
  expect(stdout).toBe('');
}

describeLive('one clear sentence and a status other than 0 answer', ['setpriv'], () => {
  test('a process that does not exist', async () => {
    expectRefusal(await flowtap(scene, ['attach', '--pid', '999999999']), /no process 999999999/);
  });

  test.each([
    [['attach', '--pid', '1', '--bogus'], /--bogus/],
    [['attach', '--pid', 'one'], /--pid.*one/],
    [['attach'], /--pid/],
    [['run', '--output', 'json', '--', 'true'], /jsonl:/],
    [['run', '--output', 'xml', '--', 'true'], /xml/],
    [['run', '--max-body', 'big', '--', 'true'], /--max-body.*big/],
    [['run', '--ring-size', '1000', '--', 'true'], /--ring-size.*65536/],
    [['run', '--user', 'no-such-user', '--', 'true'], /no-such-user/],
    [['run'], /command/],
    [['attach', '--cgroup', '/no/such/group'], /\/no\/such\/group/],
    [['run', '--output', 'jsonl:/no/such/directory/f', '--', 'true'], /\/no\/such\/directory/],
  ] as const)('flowtap %j', async (args, says) => {
    expectRefusal(await flowtap(scene, args), says);
  });

  test('an event log that does not exist', async () => {
    expectRefusal(await flowtap(scene, ['replay', scene.path('missing.flowlog')]), /missing\.flowlog/);
  });

  test('a file that is no event log', async () => {
    expectRefusal(await flowtap(scene, ['replay', process.execPath]), /not .*event log|no .*event log/);
  });

  test('an event log that the user may not read', async () => {
    const log = scene.path('private.flowlog');
    await flowtap(scene, ['run', '--record', log, '--', 'true']);
    chmodSync(log, 0o600);
    const { command, arguments: args } = unprivilegedCopy(scene);
    expectRefusal(
      await scene.run(command, [...args, 'replay', log], { uid: NOBODY, gid: NOBODY }),
      /private\.flowlog.*(permission|not be read|cannot be read|may not)/i,
    );
  });

  test.each(['run', 'attach'])('flowtap %s by root without capabilities', async (command) => {
    const target = command === 'run' ? ['--', 'true'] : ['--pid', String(process.pid)];
    const without = ['--bounding-set', '-all', '--inh-caps', '-all', process.execPath, cliPath];
    expectRefusal(await scene.run('setpriv', [...without, command, ...target]), /root|CAP_|capabilit/);
  });

  test.each(['run', 'attach'])('flowtap %s by a plain user', async (name) => {
    const target = name === 'run' ? ['--', 'true'] : ['--pid', String(process.pid)];
    const { command, arguments: args } = unprivilegedCopy(scene);
    expectRefusal(await scene.run(command, [...args, name, ...target], { uid: NOBODY, gid: NOBODY }), /root|CAP_/);
  });
});

describeLive('flowtap doctor', ['setpriv'], () => {
  test('says that this machine can capture', async () => {
    const { status, stdout } = await flowtap(scene, ['doctor']);
    expect(status).toBe(0);
    expect(stdout.split('\n').length).toBeGreaterThan(4);
  });

  test('tells a user without privileges what is missing, in JSON too', async () => {
    const without = ['--bounding-set', '-all', '--inh-caps', '-all', process.execPath, cliPath];
    const { status, stdout } = await scene.run('setpriv', [...without, 'doctor', '--json']);
    expect(status).toBe(1);
    expect(JSON.stringify(JSON.parse(stdout))).toMatch(/root|CAP_/);
  });
});
