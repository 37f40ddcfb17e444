// SPDX-License-Identifier: Apache-2.0
import { Command } from 'commander';
import { expect, it } from 'vitest';
import { UsageError } from '../usage-error.js';
import { addContainerOptions, type ContainerOptions, containerSelections } from './container-options.js';

function selections(...args: readonly string[]) {
  const command = new Command().exitOverride();
  addContainerOptions(command);
  return containerSelections(command.parse(args, { from: 'user' }).opts<ContainerOptions>());
}

it('means no container without options, and asks for none by how flows are shown', () => {
  expect(selections()).toEqual([]);
  expect(selections('--container-labels', '--docker-host', 'unix:///x')).toEqual([]);
});

it('adds up what each option means', () => {
  const args = ['--container', 'web', '--container', 'db', '--image', 'nginx', '--compose', 'shop', '--all-containers'];
  expect(selections(...args)).toEqual([
    { name: 'web' },
    { name: 'db' },
    { image: 'nginx' },
    { composeProject: 'shop' },
    { all: true },
  ]);
});

it('takes a name of hexadecimal digits for an id as well, once it is long enough', () => {
  expect(selections('--container', 'C0FFEE')).toEqual([{ name: 'C0FFEE' }, { id: 'C0FFEE' }]);
  expect(selections('--container', 'cafe')).toEqual([{ name: 'cafe' }]);
});

it('reads a label with and without a value, which may be empty or have more equals signs', () => {
  expect(selections('--label', 'a', '--label', 'b=', '--label', 'c=d=e')).toEqual([
    { label: 'a' },
    { label: 'b', value: '' },
    { label: 'c', value: 'd=e' },
  ]);
  expect(() => selections('--label', '=x')).toThrow(UsageError);
});
