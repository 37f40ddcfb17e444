// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('package.ts');

interface Manifest {
  readonly gypfile?: boolean;
  readonly files: readonly string[];
  readonly scripts: Readonly<Record<string, string>>;
}

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../${path}`, import.meta.url)), 'utf8');
const exists = (path: string) => existsSync(fileURLToPath(new URL(`../${path}`, import.meta.url)));
/** Of every architecture that was built here: this machine's at least. */
const prebuildDirectory = fileURLToPath(new URL('../prebuilds', import.meta.url));
const prebuilds = readdirSync(prebuildDirectory, { encoding: 'utf8', recursive: true })
  .filter((path) => path.endsWith('.node'))
  .map((path) => join(prebuildDirectory, path));
const manifest: Manifest = JSON.parse(read('package.json'));

describe('the package @flowtap/bpf-native', () => {
  it('runs nothing when it is installed', () => {
    // Because of binding.gyp npm would run node-gyp by itself, were it not for gypfile: false.
    expect(manifest.gypfile).toBe(false);
    expect(Object.keys(manifest.scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pre|post)?(install|prepare|uninstall)$/)]),
    );
  });

  it('ships the prebuilt addon together with the notices and licences of what the addon contains', () => {
    expect(manifest.files).toEqual(
      expect.arrayContaining(['prebuilds', 'LICENSE', 'LICENSES', 'NOTICE', 'THIRD_PARTY_NOTICES.md']),
    );
    const mentioned = [...read('THIRD_PARTY_NOTICES.md').matchAll(/`(LICENSES\/[^`]+)`/g)].map(
      (match) => match[1] ?? '',
    );
    expect(mentioned).toContain('LICENSES/LGPL-3.0.txt');
    expect(mentioned.filter((path) => !exists(path))).toEqual([]);
  });

  it.each(prebuilds)(
    'has an addon, %s, that exports the two functions of Node-API and needs no newer glibc than Node.js does',
    (path) => {
      const list = (...options: string[]) => execFileSync('llvm-nm', ['-D', ...options, path], { encoding: 'utf8' });
      const exported = [...list('--defined-only').matchAll(/ \w (\S+)$/gm)].map((match) => match[1]);
      expect(exported.sort()).toEqual(['napi_register_module_v1', 'node_api_module_get_api_version_v1']);
      const versions = [...list('--undefined-only').matchAll(/@GLIBC_2\.(\d+)/g)].map((match) => Number(match[1]));
      expect(versions.length).toBeGreaterThan(20);
      expect(Math.max(...versions)).toBeLessThanOrEqual(28);
      const dynamic = execFileSync('llvm-readelf', ['--needed-libs', path], { encoding: 'utf8' });
      const needed = [...dynamic.matchAll(/^ {2}(\S+)$/gm)].map((match) => match[1] ?? '');
      expect(needed.filter((library) => !/^(libc|libpthread|ld-linux-[\w-]+)\.so\.\d$/.test(library))).toEqual([]);
    },
  );

  it('names the libelf source in its notices that it is built from', () => {
    const pinned = /unpack (elfutils_\S+) ([0-9a-f]{64})/.exec(read('scripts/build-deps.sh'));
    expect(pinned).not.toBeNull();
    const notices = read('THIRD_PARTY_NOTICES.md');
    expect(notices).toContain(pinned?.[1]);
    expect(notices).toContain(pinned?.[2]);
  });

  it('declares the licence to the kernel that the headers of the eBPF sources name', () => {
    // GPL-only helpers are refused to a program whose declaration is not GPL-compatible.
    const source = read('bpf/flowtap.bpf.c');
    expect(source).toMatch(/SEC\("license"\)\s*=\s*"Dual BSD\/GPL"/);
    expect(source).toContain('SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)');
  });

  it('can be imported, and told what to do, on a machine that cannot load the addon', () => {
    // As on another operating system: the addon must not be looked for before start().
    const script = `
      process.dlopen = () => { throw new Error('loaded'); };
      Object.defineProperty(process, 'platform', { value: 'darwin' });
      const { BpfSource, preflight } = await import(process.argv[1]);
      const source = new BpfSource({ targets: [{ pid: 1 }] });
      const { code } = await source.start().catch((error) => error);
      const { ok, checks } = await preflight();
      process.stdout.write(JSON.stringify({ code, ok, checks: checks.map(({ name, ok }) => [name, ok]) }));`;
    const args = ['--input-type=module', '-e', script, workshop.program('package.ts')];
    expect(JSON.parse(execFileSync(process.execPath, args, { encoding: 'utf8' }))).toEqual({
      code: 'NATIVE_UNSUPPORTED_PLATFORM',
      ok: false,
      checks: [['addon', false]],
    });
  });
});
