// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assembleTemplate } from '../assemble-template.js';
import { coreDependency } from '../src/core-dependency.js';
import { CreateError } from '../src/create-error.js';
import { createPackage } from '../src/create-package.js';
import { namesOf } from '../src/names.js';

const root = fileURLToPath(new URL('../../..', import.meta.url));
let work: string;
let templateDirectory: string;

beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'flowtap-create-'));
  templateDirectory = join(work, 'template');
  await assembleTemplate(templateDirectory);
});
afterAll(() => rmSync(work, { recursive: true }));

const create = (name: string, directory = join(work, name)) =>
  createPackage({ name, directory, templateDirectory, dependencyOf: coreDependency });

describe('a new package', () => {
  it('is the example under another name', async () => {
    const directory = await create('key-value');
    const read = (path: string) => readFileSync(join(directory, path), 'utf8');
    expect(read('src/plugin.ts')).toContain(
      "export function keyValue(): ProtocolPlugin {\n  return {\n    apiVersion: 1,\n    name: 'key-value',",
    );
    expect(read('src/messages.ts')).toContain("'key-value': { request: KeyValueRequest; response: KeyValueResponse };");
    expect(read('src/parser.test.ts')).toContain('testProtocol(keyValue(), VECTORS)');
    for (const path of ['src/index.ts', 'src/parser.ts', 'package.json', 'README.md']) {
      expect(read(path), path).not.toMatch(/memcached|SPDX/i);
    }
    expect(read('.gitignore')).toContain('node_modules/');
    expect(existsSync(join(directory, 'gitignore'))).toBe(false);
  });

  it('uses the core of the clone that it was made in, and the tools that are tested here', async () => {
    const directory = await create('kv');
    const { name, dependencies, devDependencies } = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
    const own = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    expect(name).toBe('flowtap-protocol-kv');
    expect(join(directory, dependencies['@flowtap/core'].replace('file:', ''))).toBe(join(root, 'packages/core'));
    expect(devDependencies.vitest).toBe(own.devDependencies.vitest);
    expect(Object.values(devDependencies)).not.toContain('*');
  });

  it('is not written over something', async () => {
    const directory = join(work, 'occupied');
    mkdirSync(directory);
    writeFileSync(join(directory, 'mine'), '');
    await expect(create('kv', directory)).rejects.toThrow(/occupied is not empty/);
  });
});

describe('a name', () => {
  it('becomes a string, a function and types', () => {
    expect(namesOf('key-value-2')).toEqual({ kebab: 'key-value-2', camel: 'keyValue2', pascal: 'KeyValue2' });
  });

  it.each(['', 'Key', '2fast', 'key_value', '../x', 'key-', 'a b', 'a'.repeat(65), 'class', 'await'])(
    'is not %j',
    (name) => {
      expect(() => namesOf(name)).toThrow(CreateError);
    },
  );

  it('is not one that the template uses for something else', async () => {
    await expect(create('detect')).rejects.toThrow(/uses the word 'detect' itself; try detect-protocol/);
    expect(existsSync(join(work, 'detect'))).toBe(false);
  });
});
