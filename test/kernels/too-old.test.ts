// SPDX-License-Identifier: Apache-2.0
import { release } from 'node:os';
import { expect, test } from 'vitest';
import { flowtap } from '../live/support/flowtap.js';
import { describeLive } from '../live/support/needs.js';
import { useScene } from '../live/support/scene.js';

const scene = useScene();

describeLive('a kernel that is too old', [], () => {
  test.each(['run', 'attach'])('is named by flowtap %s, and which one it takes', async (command) => {
    const target = command === 'run' ? ['--', 'true'] : ['--pid', String(process.pid)];
    const { status, stderr } = await flowtap(scene, [command, ...target]);
    expect(stderr).toMatch(/^flowtap: .+\n$/);
    expect(stderr).toContain(release());
    expect(stderr).toMatch(/kernel of 5\.15 or newer/);
    expect(status).toBeGreaterThan(0);
  });
});
