// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';
// @ts-expect-error: a script without types
import { entryPoints, publicPackages } from '../../../scripts/lib/workspaces.mjs';
import { cleanEnvironment } from './program.js';

const repository = fileURLToPath(new URL('../../..', import.meta.url));

/** All that a machine without any developer tools has, as far as the tests need it. */
const COMMANDS = ['sh', 'curl', 'env', 'true'];

export interface PublicPackage {
  readonly name: string;
  /** Specifiers of its modules, as a user imports them. */
  readonly entryPoints: readonly string[];
}

/** What npm has made of the packed packages, in an empty directory, with nothing but Node.js on PATH. */
export interface Installation {
  readonly directory: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly packages: readonly PublicPackage[];
  /** What npm printed. */
  readonly output: string;
}

/** The packages of this checkout, packed and installed as a user would, once for the tests of a file. */
export function useInstallation(): Installation {
  let directory = '';
  let output = '';
  const packages: PublicPackage[] = publicPackages().map(({ manifest }: { manifest: { name: string } }) => ({
    name: manifest.name,
    entryPoints: entryPoints(manifest),
  }));
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'flowtap-installed-'));
    makePath(join(directory, 'bin'));
    const tarballs = join(directory, 'tarballs');
    mkdirSync(tarballs);
    const pack = ['pack', '--silent', '--pack-destination', tarballs, ...packages.flatMap(({ name }) => ['-w', name])];
    execFileSync('npm', pack, { cwd: repository, stdio: 'ignore' });
    writeFileSync(join(directory, 'package.json'), '{ "private": true }');
    const files = readdirSync(tarballs).map((name) => join(tarballs, name));
    // npm's own settings (registry, proxies) come from the machine; PATH does not.
    const env = { ...process.env, PATH: join(directory, 'bin') };
    const install = ['install', '--no-audit', '--no-fund', '--loglevel', 'info', ...files];
    output = execFileSync(join(directory, 'bin/npm'), install, {
      cwd: directory,
      env,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  }, 180_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return {
    get directory() {
      return directory;
    },
    get environment() {
      return { ...cleanEnvironment, PATH: join(directory, 'bin') };
    },
    get output() {
      return output;
    },
    packages,
  };
}

function makePath(bin: string): void {
  mkdirSync(bin);
  for (const name of COMMANDS) {
    symlinkSync(execFileSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' }).trim(), join(bin, name));
  }
  symlinkSync(process.execPath, join(bin, 'node'));
  const npm = execFileSync('sh', ['-c', 'readlink -f "$(command -v npm)"'], { encoding: 'utf8' }).trim();
  for (const name of ['npm', 'npx']) symlinkSync(join(dirname(npm), `${name}-cli.js`), join(bin, name));
}
