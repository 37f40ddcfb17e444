// SPDX-License-Identifier: Apache-2.0
// The tests with the packages as a user has them: packed by npm, and installed from the tarballs.
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { output, rootDirectory, run } from '../lib/run.mjs';
import { ScriptError, say } from '../lib/say.mjs';
import { kernelsCache } from './places.mjs';

const place = join(kernelsCache, 'installed');
const guest = join(rootDirectory, 'test/kernels/guest');

/**
 * A directory with node_modules, the tests as JavaScript and what runs them.
 * @throws ScriptError
 */
export function installPackages() {
  const tarballs = pack();
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies: { ...tarballs.files, ...runner() } });
  const note = join(place, 'made-from');
  const recipe = `${manifest}\n${tarballs.hash}`;
  if (!existsSync(note) || readFileSync(note, 'utf8') !== recipe) {
    say('installing the packed packages');
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), manifest);
    run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--no-package-lock', '--install-links'], {
      cwd: place,
    });
    writeFileSync(note, recipe);
  }
  copyTests();
  return place;
}

function pack() {
  const directory = join(kernelsCache, 'tarballs');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  const report = output('npm', ['pack', '--json', '--loglevel=error', '--workspaces', '--pack-destination', directory]);
  if (report === undefined) throw new ScriptError('npm pack failed.');
  const hash = createHash('sha256');
  const files = {};
  // npm 12 prints an object by package name, earlier versions a list.
  for (const { name, filename } of Object.values(JSON.parse(report))) {
    if (!name.startsWith('@flowtap/')) continue;
    const file = join(directory, filename);
    hash.update(readFileSync(file));
    files[name] = `file:${file}`;
  }
  return { files, hash: hash.digest('hex') };
}

/** The parts of Vitest that run tests and compare, without its own process management: see guest/vitest. */
function runner() {
  const locked = JSON.parse(readFileSync(join(rootDirectory, 'package-lock.json'), 'utf8')).packages;
  const names = ['@vitest/runner', '@vitest/expect', 'chai'];
  const versions = Object.fromEntries(names.map((name) => [name, locked[`node_modules/${name}`].version]));
  return { ...versions, vitest: `file:${join(guest, 'vitest')}` };
}

/** TypeScript becomes JavaScript beside which everything lies as in the repository. */
function copyTests() {
  for (const part of ['test/live', 'test/kernels', 'packages/bpf-native/test/support']) {
    const source = join(rootDirectory, part);
    const target = join(place, part);
    rmSync(target, { recursive: true, force: true });
    cpSync(source, target, { recursive: true, filter: (path) => !path.endsWith('.ts') });
    for (const file of readdirSync(source, { recursive: true }).filter((path) => path.endsWith('.ts'))) {
      const compilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext };
      const { outputText } = ts.transpileModule(readFileSync(join(source, file), 'utf8'), { compilerOptions });
      const output = join(target, file.replace(/\.ts$/, '.js'));
      mkdirSync(dirname(output), { recursive: true });
      writeFileSync(output, outputText);
    }
  }
}
