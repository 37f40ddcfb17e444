// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadPlugins } from './plugins.js';
import { UsageError } from './usage-error.js';

const PROTOCOL = `({ apiVersion: 1, name: 'p', probeBytes: 1, detect: () => 'no-match', createParser: () => ({}) })`;
const EXPORTER = `({ apiVersion: 1, name: 'e', export: async () => ({ status: 'ok' }), flush: async () => {}, shutdown: async () => {} })`;

describe('--plugin', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'flowtap-plugins-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function write(path: string, content: string): void {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), content);
  }

  async function namesIn(...modules: readonly string[]): Promise<readonly string[]> {
    const { protocols, exporters } = await loadPlugins(modules, directory);
    return [...protocols, ...exporters].map(({ name }) => name);
  }

  const failureOf = async (...modules: readonly string[]) => {
    const error: unknown = await loadPlugins(modules, directory).catch((failure: unknown) => failure);
    expect(error).toBeInstanceOf(UsageError);
    return (error as UsageError).message;
  };

  it.each([
    ['a protocol', `export default ${PROTOCOL}`, ['p']],
    ['a function that makes one', `export default () => ${PROTOCOL}`, ['p']],
    ['an asynchronous one', `export default async (options = {}) => ${PROTOCOL}`, ['p']],
    ['an exporter', `export const exporter = ${EXPORTER}`, ['e']],
    ['both', `export const protocols = [${PROTOCOL}]; export const exporters = () => [${EXPORTER}]`, ['p', 'e']],
    ['a list of both', `export default [${PROTOCOL}, ${EXPORTER}]`, ['p', 'e']],
    ['one by two names', `export const protocol = () => ${PROTOCOL}; export default protocol`, ['p']],
    ['the only function', `export const LIMIT = 1; export function redis() { return ${PROTOCOL} }`, ['p']],
  ])('takes %s', async (_, code, names) => {
    write('plugin.mjs', code);
    expect(await namesIn('./plugin.mjs')).toEqual(names);
  });

  it('finds files, directories and packages from the working directory', async () => {
    const manifest = (exports: unknown) => JSON.stringify({ type: 'module', exports });
    write('dist/index.mjs', `export default ${PROTOCOL}`);
    write('node_modules/by-import/package.json', manifest({ '.': { types: './x.d.ts', import: './main.js' } }));
    write('node_modules/by-import/main.js', `export default ${PROTOCOL}`);
    write('node_modules/@s/by-default/package.json', manifest({ '.': { default: './main.js' } }));
    write('node_modules/@s/by-default/main.js', `export default ${EXPORTER}`);
    for (const path of ['dist/index.mjs', './dist/index.mjs', join(directory, 'dist/index.mjs')]) {
      expect(await namesIn(path)).toEqual(['p']);
    }
    expect(await namesIn('by-import')).toEqual(['p']);
    expect(await namesIn('./node_modules/by-import')).toEqual(['p']);
    expect(await namesIn('@s/by-default')).toEqual(['e']);
    expect(await namesIn('by-import', '@s/by-default', 'by-import')).toEqual(['p', 'e']);
  });

  it('says what is missing', async () => {
    write('empty.mjs', 'export const answer = 42;');
    write('two.mjs', 'export function a() {} export function b() {}');
    write('broken.mjs', 'import "./not-there.mjs";');
    write('throws.mjs', 'export default function load() { throw new Error("no licence"); }');
    expect(await failureOf('./not-there.js')).toMatch(/there is no file .*\/not-there\.js; build the plugin/);
    expect(await failureOf('not-installed')).toMatch(/there is no package of this name.*npm install not-installed/);
    expect(await failureOf('./empty.mjs')).toMatch(/has no plugin in it: it exports answer; export a protocol/);
    expect(await failureOf('./two.mjs')).toMatch(/it exports a, b;/);
    expect(await failureOf('./broken.mjs')).toMatch(/cannot be loaded: .*not-there\.mjs/);
    expect(await failureOf('./throws.mjs')).toMatch(/load\(\) failed: no licence/);
  });

  it('refuses another interface version, and says whose', async () => {
    write('future.mjs', `export default { ...${PROTOCOL}, apiVersion: 2 }`);
    expect(await failureOf('./future.mjs')).toMatch(/--plugin \.\/future\.mjs: protocols: p has apiVersion 2, not 1/);
  });
});
