// SPDX-License-Identifier: Apache-2.0
// Checks the built packages as npm would publish them: metadata, files, entry points.
import { spawnSync } from 'node:child_process';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { binary } from './lib/run.mjs';
import { runMain, say, warn } from './lib/say.mjs';
import { entryPoints, publicPackages } from './lib/workspaces.mjs';

const lifecycleScripts = /^(pre|post)?(install|prepare|publish|uninstall)$|^dependencies$/;
const published =
  /^(bin|dist|LICENSES|prebuilds|proto|schema)\/|^(CHANGELOG\.md|LICENSE|NOTICE|README\.md|THIRD_PARTY_NOTICES\.md|package\.json)$/;

await runMain(async () => {
  let problems = 0;
  for (const { directory, manifest } of publicPackages()) {
    for (const problem of await problemsOf(directory, manifest)) {
      warn(`${manifest.name}: ${problem}`);
      problems += 1;
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
    ...problemsOfContent(directory, manifest),
    ...problemsOfEntryPoints(directory, manifest),
    ...problemsOfTypes(directory, manifest),
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

function problemsOfContent(directory, manifest) {
  const packed = spawnSync('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], {
    cwd: directory,
    encoding: 'utf8',
  });
  if (packed.status !== 0) return [`npm pack failed: ${packed.stderr}`];
  const report = JSON.parse(packed.stdout);
  // npm 12 prints an object by package name, earlier versions a list.
  const { files: entries, size } = Object.values(report)[0];
  const files = entries.map(({ path }) => path);
  const maxBytes = manifest.name === '@flowtap/bpf-native' ? 3e6 : 1e5;
  const missing = ['LICENSE', 'README.md'].filter((file) => !files.includes(file));
  // A template brings the tests of what is made of it.
  const isOurTest = (file) => file.includes('.test.') && !file.startsWith('dist/template/');
  const surplus = files.filter((file) => !published.test(file) || isOurTest(file));
  return [
    ...(size > maxBytes ? [`the package has ${size} bytes; ${maxBytes} is the limit`] : []),
    ...missing.map((file) => `${file} is missing from the package`),
    ...surplus.map((file) => `${file} does not belong into the package`),
  ];
}

/** Every entry point must load by import and, with Node's require() of ES modules, by require(); neither may print. */
function problemsOfEntryPoints(directory, manifest) {
  return entryPoints(manifest).flatMap((entryPoint) => {
    const specifier = JSON.stringify(entryPoint);
    return [`await import(${specifier})`, `createRequire(process.cwd() + '/x')(${specifier})`].flatMap((expression) => {
      const code = `import { createRequire } from 'node:module'; if (createRequire && ${expression} === undefined) process.exit(1);`;
      const args = ['--no-warnings', '--input-type=module', '--eval', code];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: directory, encoding: 'utf8' });
      return status === 0 && stdout + stderr === '' ? [] : [`${expression} failed or printed: ${stdout}${stderr}`];
    });
  });
}

/** Whether types resolve wherever the package can be imported from. */
function problemsOfTypes(directory, manifest) {
  if (!Object.values(manifest.exports).some((target) => target.types)) return [];
  const args = ['--pack', '.', '--profile', 'esm-only', '--format', 'ascii', '--no-color', '--no-emoji'];
  const { status, stdout, stderr } = spawnSync(binary('attw'), args, { cwd: directory, encoding: 'utf8' });
  return status === 0 ? [] : [`types do not resolve:\n${stdout}${stderr}`];
}
