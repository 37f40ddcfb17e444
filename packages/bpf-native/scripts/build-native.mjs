// SPDX-License-Identifier: Apache-2.0
// node scripts/build-native.mjs [--force] [arch…]: builds prebuilds/linux-<arch>/*.node: static libraries, eBPF object, addon.
// arch: x64, arm64; default: this machine's. Does nothing for an architecture of which no input has changed.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));

const inputs = ['bpf', 'native', 'scripts', 'binding.gyp', 'package.json'];
const tools = {
  clang: 'clang',
  'ld.lld': 'lld',
  'llvm-strip': 'llvm',
  'dpkg-deb': 'dpkg',
  make: 'make',
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

/** Names of the addons that are there. */
function prebuilds(arch) {
  const directory = join(root, 'prebuilds', `linux-${arch}`);
  return existsSync(directory) ? readdirSync(directory).filter((name) => name.endsWith('.node')) : [];
}

function isOnPath(tool) {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => existsSync(join(directory, tool)));
}

function run(script, arch) {
  const env = { ...process.env, FLOWTAP_ARCH: arch };
  const { status, error } = spawnSync(join('scripts', script), { cwd: root, stdio: 'inherit', env });
  if (error) fail(`${script} could not be started: ${error.message}`);
  if (status !== 0) fail(`${script} for ${arch} ended with status ${status}.`);
}

if (process.platform !== 'linux') {
  say(`the addon exists for Linux only; nothing to build on ${process.platform}.`);
  process.exit(0);
}

const { values, positionals } = parseArgs({ options: { force: { type: 'boolean' } }, allowPositionals: true });
const hash = hashOfInputs();
for (const arch of positionals.length > 0 ? positionals : [process.arch]) {
  const stampFile = join(root, '.cache', `native-${arch}.sha256`);
  const isBuilt = prebuilds(arch).length > 0 && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === hash;
  if (isBuilt && !values.force) {
    say(`the addon for ${arch} is up to date.`);
    continue;
  }
  const missing = Object.keys(tools).filter((tool) => !isOnPath(tool));
  if (missing.length > 0) {
    const packages = [...new Set(missing.map((tool) => tools[tool]))].join(' ');
    fail(`${missing.join(', ')} missing. Run "npm run setup", or install them yourself: apt-get install ${packages}`);
  }
  run('build-deps.sh', arch);
  say(`compiling the eBPF program for ${arch}`);
  run('build-bpf.sh', arch);
  say(`compiling the addon for ${arch}`);
  run('build-addon.sh', arch);
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, hash);
  say(`built ${prebuilds(arch).join(', ')}`);
}
