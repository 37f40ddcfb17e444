// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Container } from './container.js';
import { type ContainerSelection, isSelected } from './selection.js';

const id = 'c0ffee'.padEnd(64, '0');
const own = 'f00d'.padEnd(64, '0');

const web: Container = {
  ...{ id, name: 'web', image: 'registry.example:5000/shop/web:1.2', status: 'running', pid: 7, addresses: [] },
  labels: { tier: 'front', empty: '' },
  composeProject: 'shop',
};

const isMeant = (selection: ContainerSelection, container: Partial<Container> = {}) =>
  isSelected({ ...web, ...container }, [selection], own);

describe('a container is meant', () => {
  it.each<ContainerSelection>([
    { name: 'web' },
    { name: '/web' },
    { id },
    { id: 'C0FFEE' },
    { image: 'registry.example:5000/shop/web' },
    { image: 'registry.example:5000/shop/web:1.2' },
    { label: 'tier' },
    { label: 'tier', value: 'front' },
    { label: 'empty', value: '' },
    { composeProject: 'shop' },
    { all: true },
  ])('by %j', (selection) => {
    expect(isMeant(selection)).toBe(true);
  });

  it.each([
    ['nginx', 'nginx:1.27'],
    ['nginx', 'docker.io/library/nginx'],
    ['docker.io/library/nginx:1.27', 'nginx:1.27'],
    ['nginx', 'nginx@sha256:00'],
    ['nginx', 'nginx:1.27@sha256:00'],
  ])('by the image %s when it has %s', (image, has) => {
    expect(isMeant({ image }, { image: has })).toBe(true);
  });

  it('when one of several selections means it', () => {
    expect(isSelected(web, [{ name: 'db' }, { label: 'tier' }], own)).toBe(true);
  });
});

describe('a container is not meant', () => {
  it.each<ContainerSelection>([
    { name: 'we' },
    { name: 'c0ffee' },
    { id: '' },
    { id: 'ffee' },
    { image: 'web' },
    { image: 'registry.example' },
    { image: 'registry.example:5000/shop/web:1' },
    { label: 'front' },
    { label: 'tier', value: '' },
    { label: 'toString' },
    { composeProject: 'web' },
  ])('by %j', (selection) => {
    expect(isMeant(selection)).toBe(false);
  });

  it('by no selection at all', () => {
    expect(isSelected(web, [], own)).toBe(false);
  });

  it('as one of all when it is the own one', () => {
    expect(isMeant({ all: true }, { id: own })).toBe(false);
  });

  it('by an image that only begins like its own', () => {
    expect(isMeant({ image: 'nginx' }, { image: 'nginx-proxy' })).toBe(false);
  });
});
