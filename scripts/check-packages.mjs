// SPDX-License-Identifier: Apache-2.0
// Checks the built packages as npm would publish them: metadata, files, entry points.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { rootDirectory } from './lib/run.mjs';
import { runMain, say, warn } from './lib/say.mjs';

const lifecycleScripts = /^(pre|post)?(install|prepare|publish|uninstall)$|^dependencies$/;
const published =
  /^(bin|dist|LICENSES|prebuilds|proto|schema)\/|^(LICENSE|NOTICE|README\.md|THIRD_PARTY_NOTICES\.md|package\.json)$/;

await runMain(async () => {
  let problems = 0;
  for (const parent of ['packages', 'examples']) {
    for (const name of readdirSync(join(rootDirectory, parent))) {
      const directory = join(rootDirectory, parent, name);
      if (!existsSync(join(directory, 'package.json'))) continue;
      const manifest = JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));
      if (manifest.private) continue;
      for (const problem of await problemsOf(directory, manifest)) {
        warn(`${manifest.name}: ${problem}`);
        problems += 1;
      }
    }
  }
  if (problems === 0) say('the packages are in order');
  return problems === 0 ? 0 : 1;
});

async function problemsOf(directory, manifest) {
  const { messages, pkg } = await publint({ pkgDir: directory, pack: 'npm', level: 'warning', strict: true });
  return [
    ...messages.map((message) => formatMessage(message, pkg, { color: false })),
    ...problemsOfMetadata(manifest),
    ...problemsOfContent(directory),
    ...problemsOfEntryPoints(directory, manifest),
  ];
}

function problemsOfMetadata(manifest) {
  const problems = [];
  for (const key of ['description', 'license', 'engines', 'exports', 'files']) {
    if (!(key in manifest)) problems.push(`package.json has no "${key}"`);
  }
  if (manifest.type !== 'module') problems.push('package.json: "type" is not "module"');
  if ('main' in manifest) problems.push('package.json has "main" besides "exports"');
  for (const script of Object.keys(manifest.scripts ?? {})) {
    if (lifecycleScripts.test(script)) problems.push(`the script "${script}" would run at the user's`);
  }
  return problems;
}

function problemsOfContent(directory) {
  const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (packed.status !== 0) return [`npm pack failed: ${packed.stderr}`];
  const report = JSON.parse(packed.stdout);
  // npm 12 prints an object by package name, earlier versions a list.
  const files = Object.values(report)[0].files.map(({ path }) => path);
  const missing = ['LICENSE', 'README.md'].filter((file) => !files.includes(file));
  const surplus = files.filter((file) => !published.test(file) || file.includes('.test.'));
  return [
    ...missing.map((file) => `${file} is missing from the package`),
    ...surplus.map((file) => `${file} does not belong into the package`),
  ];
}

/** Every entry point must load by import and, with Node's require() of ES modules, by require(); neither may print. */
function problemsOfEntryPoints(directory, manifest) {
  const entries = Object.keys(manifest.exports).filter((key) => !key.endsWith('.json') && !key.includes('*'));
  return entries.flatMap((key) => {
    const specifier = JSON.stringify(manifest.name + key.slice(1));
    return [`await import(${specifier})`, `createRequire(process.cwd() + '/x')(${specifier})`].flatMap((expression) => {
      const code = `import { createRequire } from 'node:module'; if (createRequire && ${expression} === undefined) process.exit(1);`;
      const args = ['--no-warnings', '--input-type=module', '--eval', code];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
      return status === 0 && stdout + stderr === '' ? [] : [`${expression} failed or printed: ${stdout}${stderr}`];
    });
  });
}
