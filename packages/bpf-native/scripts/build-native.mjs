// SPDX-License-Identifier: Apache-2.0
// Builds prebuilds/<platform>-<arch>/*.node: static libraries, eBPF object, addon. Does nothing when no input has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);
const prebuilds = join(root, 'prebuilds', `${process.platform}-${process.arch}`);
const stampFile = join(root, '.cache', `native-${process.arch}.sha256`);

const inputs = ['bpf', 'native', 'scripts', 'binding.gyp', 'package.json'];
const tools = {
  clang: 'clang',
  'llvm-strip': 'llvm',
  'g++': 'build-essential',
  make: 'build-essential',
  python3: 'python3',
};

function say(message) {
  process.stdout.write(`bpf-native: ${message}\n`);
}

function fail(message) {
  process.stderr.write(`bpf-native: ${message}\n`);
  process.exit(1);
}

function filesBelow(path) {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesBelow(join(path, name)));
}

function hashOfInputs() {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap((input) => filesBelow(join(root, input)))) {
    hash.update(file.slice(root.length)).update('\0').update(readFileSync(file)).update('\0');
  }
  return hash.digest('hex');
}

function hasPrebuild() {
  return existsSync(prebuilds) && readdirSync(prebuilds).some((name) => name.endsWith('.node'));
}

function isOnPath(tool) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, tool)));
}

function run(command, args, extraEnv = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...extraEnv },
  });
  if (error) fail(`${command} could not be started: ${error.message}`);
  if (status !== 0) fail(`${[command, ...args].join(' ')} ended with status ${status}.`);
}

if (process.platform !== 'linux') {
  say(`the addon exists for Linux only; nothing to build on ${process.platform}.`);
  process.exit(0);
}

const hash = hashOfInputs();
if (
  !process.argv.includes('--force') &&
  hasPrebuild() &&
  existsSync(stampFile) &&
  readFileSync(stampFile, 'utf8') === hash
) {
  say('the addon is up to date.');
  process.exit(0);
}

const missing = Object.keys(tools).filter((tool) => !isOnPath(tool));
if (missing.length > 0) {
  const packages = [...new Set(missing.map((tool) => tools[tool]))].join(' ');
  fail(`${missing.join(', ')} missing. Run "npm run setup", or install them yourself: apt-get install ${packages}`);
}

run('scripts/build-deps.sh', []);
say('compiling the eBPF program');
run('scripts/build-bpf.sh', []);

say('compiling the addon');
rmSync(prebuilds, { recursive: true, force: true });
const nodeGyp = join(dirname(require.resolve('node-gyp/package.json')), 'bin', 'node-gyp.js');
const prebuildify = require.resolve('prebuildify/bin.js');
run(process.execPath, [prebuildify, '--napi', '--strip', '--tag-libc', '-t', process.versions.node], {
  PREBUILD_NODE_GYP: nodeGyp,
  // Compiles against scripts/node-api, not against the headers of one Node version.
  npm_config_nodedir: join(root, 'scripts', 'node-api'),
  npm_config_jobs: 'max',
  npm_config_loglevel: 'warn',
});

mkdirSync(dirname(stampFile), { recursive: true });
writeFileSync(stampFile, hash);
say(`built ${readdirSync(prebuilds).join(', ')}`);
