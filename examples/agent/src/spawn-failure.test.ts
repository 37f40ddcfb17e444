// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { FlowtapError } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { spawnFailure } from './spawn-failure.js';

describe('spawnFailure', () => {
  const failure = async (command: string): Promise<unknown> =>
    (await once(spawn(command), 'error').catch((e) => [e]))[0];

  it.each([
    ['/nonexistent/program', 127, 'command not found'],
    ['/etc/passwd', 126, 'permission denied'],
    ['/tmp', 126, 'permission denied'],
  ])('%s gives %i', async (command, status, message) => {
    expect(await spawnFailure(command, await failure(command))).toEqual({ status, message: `${command}: ${message}` });
  });

  it('finds the cause inside an error of the library', async () => {
    const error = new FlowtapError('SPAWN', 'cannot start', { cause: await failure('/nonexistent/program') });
    expect((await spawnFailure('x', error)).status).toBe(127);
  });

  it('is no failure of the command when the library refuses', async () => {
    expect(await spawnFailure('x', new FlowtapError('STATE', 'not started'))).toEqual({
      status: 125,
      message: 'not started',
    });
  });

  it('does not take a closed directory of the search path for the command', async () => {
    const error = Object.assign(new Error('spawn EACCES'), { code: 'EACCES' });
    expect((await spawnFailure('no-such-command-here', error)).status).toBe(127);
    expect((await spawnFailure('sh', error)).status).toBe(126);
  });
});
