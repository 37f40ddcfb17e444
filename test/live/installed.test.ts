// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { useCertificate } from './support/certificate.js';
import { parseJsonLines } from './support/flow.js';
import { useInstallation } from './support/installed.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';
import { testProgram } from './support/test-programs.js';

const scene = useScene();
const certificate = useCertificate();
const installation = useInstallation();

const compiler = fileURLToPath(new URL('../../node_modules/.bin/tsc', import.meta.url));

const entryPoints = installation.packages.flatMap((each) => each.entryPoints);

describe('the packed packages', () => {
  test('are installed without running a script of theirs', () => {
    const lock = JSON.parse(readFileSync(join(installation.directory, 'node_modules/.package-lock.json'), 'utf8')) as {
      readonly packages: Readonly<Record<string, { readonly hasInstallScript?: boolean }>>;
    };
    const ours = Object.entries(lock.packages).filter(([path]) => path.startsWith('node_modules/@flowtap/'));
    expect(ours).toHaveLength(installation.packages.length);
    expect(ours.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([]);
  });

  test.each(entryPoints)('%s can be imported and required', (specifier) => {
    const code = `Promise.all([import('${specifier}'), require('${specifier}')]).then((all) => {
      for (const module of all) if (Object.keys(module).length === 0) throw new Error('nothing is exported');
    })`;
    const options = { cwd: installation.directory, env: installation.environment, encoding: 'utf8' } as const;
    const { status, stdout, stderr } = spawnSync('node', ['--no-warnings', '-e', code], options);
    expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: '', stderr: '' });
  });

  test.each([
    ['node16', 'node16', 'module.mts'],
    ['esnext', 'bundler', 'module.mts'],
    ['nodenext', 'nodenext', 'module.cts'],
  ])('have types under module %s and moduleResolution %s in %s', (module, moduleResolution, file) => {
    const path = join(installation.directory, file);
    const imports = entryPoints.map((specifier, index) => `import * as module${index} from '${specifier}';`);
    const typed = [
      "import type { Flow } from '@flowtap/core';",
      "export type Id = Flow['id'];",
      '// @ts-expect-error: there is no such member, and the types are known here.',
      "export type Nothing = Flow['nothing'];",
    ];
    writeFileSync(path, [...imports, ...typed].join('\n'));
    const options = ['--noEmit', '--strict', '--target', 'es2023', '--types', 'node'];
    const resolution = ['--module', module, '--moduleResolution', moduleResolution];
    const typeRoots = ['--typeRoots', fileURLToPath(new URL('../../node_modules/@types', import.meta.url))];
    const args = [compiler, ...options, ...resolution, ...typeRoots, path];
    const { stdout, status } = spawnSync(process.execPath, args, { cwd: installation.directory, encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });
});

describeLive('npx flowtap, installed without a compiler', ['curl', 'openssl'], () => {
  test.each(['20', '22', '24', '26'])('captures with Node.js %s', async (version) => {
    const node = testProgram(`node-${version}/bin`);
    expect(execFileSync(join(node, 'node'), ['--version'], { encoding: 'utf8' })).toMatch(`v${version}.`);
    const server = await PythonServer.start(scene, { certificate });
    const env = {
      ...installation.environment,
      HOME: scene.directory,
      PATH: `${node}:${installation.environment['PATH']}`,
    };
    const output = scene.path('flows.jsonl');
    const command = ['flowtap', 'run', '--output', `jsonl:${output}`, '--', 'curl', '-sk', server.url('/packed?id=1')];
    const { status, stderr, stdout } = await scene.run('npx', command, { cwd: installation.directory, env });
    expect({ status, stdout }, stderr).toMatchObject({ status: 0, stdout: expect.stringContaining('id=1') });
    const flows = parseJsonLines(readFileSync(output, 'utf8'));
    expect(flows).toMatchObject([{ tls: true, request: { target: '/packed?id=1' }, complete: true }]);
  });
});
