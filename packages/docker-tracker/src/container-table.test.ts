// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { Container } from './container.js';
import { ContainerTable } from './container-table.js';

const container = (id: string, rest: Partial<Container> = {}): Container => ({
  ...{ id, name: `name-${id}`, image: 'i', labels: {}, status: 'running', pid: 1, addresses: [] },
  ...rest,
});

it('knows a container that is gone for those who ask about its flows, and only for them', () => {
  const table = new ContainerTable();
  table.put(container('a'));
  expect(table.remove('a')?.name).toBe('name-a');
  expect(table.get('a')).toBeUndefined();
  expect(table.all()).toEqual([]);
  expect(table.recall('a')?.name).toBe('name-a');
  expect(table.remove('a')).toBeUndefined();
});

it('gives an address to the container that got it last', () => {
  const table = new ContainerTable();
  table.put(container('a', { addresses: ['172.17.0.2', 'fd00::2'] }));
  table.put(container('a', { status: 'exited', addresses: [] }));
  table.remove('a');
  expect(table.ownerOf('fd00::2')?.id).toBe('a');
  table.put(container('b', { addresses: ['172.17.0.2'] }));
  expect(table.ownerOf('172.17.0.2')?.id).toBe('b');
  expect(table.ownerOf('172.17.0.3')).toBeUndefined();
});

it('forgets containers that have been gone for long', () => {
  const table = new ContainerTable();
  for (let i = 0; i <= 1024; i++) {
    table.put(container(`${i}`));
    table.remove(`${i}`);
  }
  expect(table.recall('0')).toBeUndefined();
  expect(table.recall('1')).toBeDefined();
});
