// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { lookUpUser, userEnvironment } from './user.js';

describe.runIf(process.platform === 'linux')('lookUpUser (needs getent)', () => {
  it('finds a user by name and by number', async () => {
    const root = await lookUpUser('root');
    expect(root).toMatchObject({ name: 'root', uid: 0, gid: 0, home: '/root' });
    expect(root.groups).toContain(0);
    expect(await lookUpUser('0')).toEqual(root);
  });

  it.each(['no-such-user-here', '--help', '', 'a:b'])('refuses %j in one sentence', async (name) => {
    await expect(lookUpUser(name)).rejects.toThrow(`--user: there is no user '${name}' on this machine.`);
  });
});

it('replaces what names the user in the environment and keeps the rest', () => {
  const user = { name: 'eve', uid: 7, gid: 7, groups: [7], home: '/home/eve', shell: '/bin/zsh' };
  expect(userEnvironment(user, { HOME: '/root', PATH: '/bin', LANG: 'C' })).toEqual({
    HOME: '/home/eve',
    SHELL: '/bin/zsh',
    USER: 'eve',
    LOGNAME: 'eve',
    PATH: '/bin',
    LANG: 'C',
  });
});
