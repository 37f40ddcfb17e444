// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ImageFiles } from './image-files.js';
import { findInLayers } from './layered-path.js';

let directory: string;
let layers: readonly [upper: string, middle: string, base: string];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-layers-'));
  layers = [join(directory, 'upper'), join(directory, 'middle'), join(directory, 'base')];
  for (const layer of layers) mkdirSync(layer);
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const [UPPER, MIDDLE, BASE] = [0, 1, 2] as const;

function put(layer: 0 | 1 | 2, path: string, content = ''): string {
  const file = join(layers[layer], path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, content);
  return file;
}

function link(layer: 0 | 1 | 2, path: string, target: string): void {
  const file = join(layers[layer], path);
  mkdirSync(dirname(file), { recursive: true });
  symlinkSync(target, file);
}

describe('a path in layers', () => {
  it('means the file of the uppermost layer that has it', () => {
    put(BASE, 'usr/bin/node');
    const newer = put(MIDDLE, 'usr/bin/node');
    expect(findInLayers(layers, '/usr/bin/node')).toBe(newer);
  });

  it('leads over links of the container, from its root and across layers', () => {
    link(BASE, 'bin', 'usr/bin');
    link(MIDDLE, 'usr/bin/node', '/opt/node/bin/../node');
    const node = put(BASE, 'opt/node/node');
    mkdirSync(join(layers[BASE], 'opt/node/bin'));
    expect(findInLayers(layers, '/bin/node')).toBe(node);
  });

  it.each([
    ['that is not there', '/no/such/file'],
    ['of a directory', '/usr'],
    ['in a circle', '/loop'],
    ['out of the container', '/escape'],
  ])('means nothing %s', (_, path) => {
    put(BASE, 'usr/bin/x');
    link(BASE, 'loop', 'loop');
    link(BASE, 'escape', '../../../../../../../../etc/passwd');
    expect(findInLayers(layers, path)).toBeUndefined();
  });
});

describe('the files that a container may use at once', () => {
  const filesOf = (command: string, environment: readonly string[] = []) =>
    new ImageFiles().filesOf({ layers, command, environment });

  it('are TLS libraries anywhere in its layers, by their names', async () => {
    const wanted = [
      put(BASE, 'usr/lib/libssl.so.3'),
      put(MIDDLE, 'opt/a/b/libgnutls.so.30.1'),
      put(UPPER, 'libssl.so'),
    ];
    put(BASE, 'usr/lib/libssl.a');
    put(BASE, 'usr/lib/libssl3.txt');
    put(BASE, 'proc/libssl.so.3');
    link(BASE, 'usr/lib/libssl.so', 'libssl.so.3');
    expect([...(await filesOf(''))].sort()).toEqual([...wanted].sort());
  });

  it('are the programs of its command, with their interpreters and through a shell', async () => {
    const node = put(BASE, 'usr/local/bin/node');
    const sh = put(BASE, 'bin/sh');
    const script = put(UPPER, 'start.sh', '#!/usr/bin/env python3\n');
    const env = put(BASE, 'usr/bin/env');
    const python = put(BASE, 'usr/bin/python3');
    expect(await filesOf("sh -c 'cd /x && exec node server.js'")).toEqual([sh, node]);
    expect(await filesOf('/start.sh --now')).toEqual([script, env, python]);
  });

  it('are looked for along the PATH of the container', async () => {
    put(BASE, 'usr/bin/app');
    const own = put(BASE, 'opt/app/app');
    expect(await filesOf('app', ['A=b', 'PATH=/opt/app:/usr/bin'])).toEqual([own]);
  });

  it('are none where the layers are not in sight', async () => {
    const files = new ImageFiles().filesOf({ layers: ['/no/such/layer'], command: '/bin/sh', environment: [] });
    expect(await files).toEqual([]);
  });
});
