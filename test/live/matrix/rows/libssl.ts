// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { pythonScript } from '../../support/python.js';
import type { Scene } from '../../support/scene.js';
import { testProgram } from '../../support/test-programs.js';
import { prepareDriven } from '../driven-client.js';
import { preparePrinting } from '../printing-server.js';
import { programFile } from '../program-file.js';
import type { ClientSetting, ServerSetting, Subject } from '../subject.js';

interface Release {
  readonly version: string;
  readonly debian: number;
  readonly name: string;
  readonly python: string;
}

const releases: readonly Release[] = [
  { version: '1.1.1', debian: 11, name: 'bullseye', python: 'python3.9' },
  { version: '3.0', debian: 12, name: 'bookworm', python: 'python3.11' },
  { version: '3.5', debian: 13, name: 'trixie', python: 'python3.13' },
];

/** A release's Python with its own libraries, started by its own dynamic linker (ld.so(8)). */
function commandOf({ name, python }: Release) {
  const root = testProgram(name);
  const libraries = ['lib', 'usr/lib'].map((path) => `${root}/${path}/x86_64-linux-gnu`);
  // Since Debian 12 all libraries are below /usr.
  const linker = libraries.map((path) => `${path}/ld-linux-x86-64.so.2`).find((path) => existsSync(path)) ?? '';
  return {
    command: linker,
    args: ['--library-path', libraries.join(':'), `${root}/usr/bin/${python}`],
    env: { PYTHONHOME: `${root}/usr` },
  };
}

/** The table names the version, so it has to be that one. */
async function checkVersion(release: Release, scene: Scene): Promise<void> {
  const { command, args, env } = commandOf(release);
  const script = 'import ssl; print(ssl.OPENSSL_VERSION)';
  const { stdout, stderr } = await scene.run(command, [...args, '-c', script], { env });
  if (!stdout.startsWith(`OpenSSL ${release.version}`)) throw new Error(`${release.name} has ${stdout}${stderr}`);
}

function subjectsOf(release: Release): readonly Subject[] {
  const { version, debian, name, python } = release;
  const description = {
    library: `libssl ${version}`,
    needs: [testProgram(`${name}/usr/bin/${python}`)],
    isFoundLate: true,
  };
  return [
    {
      ...{ program: `Python http.server of Debian ${debian}`, role: 'server', ...description },
      prepare: async (setting: ServerSetting) => {
        await checkVersion(release, setting.scene);
        const { command, args, env } = commandOf(release);
        const { scheme, certificate } = setting;
        const tls = scheme === 'https' ? ['--tls', certificate.file, certificate.key] : [];
        return preparePrinting(setting, command, [...args, pythonScript('server'), ...tls], env);
      },
    },
    {
      ...{ program: `Python http.client of Debian ${debian}`, role: 'client', ...description },
      prepare: async (setting: ClientSetting) => {
        await checkVersion(release, setting.scene);
        const { command, args, env } = commandOf(release);
        return prepareDriven(setting, command, [...args, programFile('python/http_client.py')], env);
      },
    },
  ];
}

/** The functions inside the library differ from version to version. */
export const libsslSubjects: readonly Subject[] = releases.flatMap(subjectsOf);
