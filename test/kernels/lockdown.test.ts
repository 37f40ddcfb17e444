// SPDX-License-Identifier: Apache-2.0
// For a machine that is thrown away: lockdown cannot be taken back.
import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { flowtap } from '../live/support/flowtap.js';
import { describeLive } from '../live/support/needs.js';
import { useScene } from '../live/support/scene.js';

const scene = useScene();

describeLive('a machine', [], () => {
  test('with lockdown=confidentiality is told so', async () => {
    if (process.env['FLOWTAP_TEST_MACHINE'] !== 'virtual') throw new Error('this test is for virtual machines');
    writeFileSync('/sys/kernel/security/lockdown', 'confidentiality');
    const { status, stderr } = await flowtap(scene, ['run', '--', 'true']);
    expect(stderr).toMatch(/^flowtap: .*lockdown mode: confidentiality.*\n$/);
    expect(status).toBeGreaterThan(0);
  });
});
