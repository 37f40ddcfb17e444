// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const example = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const program = example('dist/endpoints.js');

it('prints what its README shows', () => {
  const printed = execFileSync(process.execPath, [program, example('orders.flowlog')], { encoding: 'utf8' });
  const shown = /```text\n(?:\$ .*\n)*([^`]*)```/.exec(readFileSync(example('README.md'), 'utf8'))?.[1];
  expect(printed).toBe(shown);
});

it('says what it needs', () => {
  expect(spawnSync(process.execPath, [program], { encoding: 'utf8' })).toMatchObject({
    status: 2,
    stderr: 'usage: endpoints.js <recording>\n',
  });
});
