// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { buildGo, type GoBuild, GoServer, type Toolchain } from '../../support/go.js';
import { prepareDriven } from '../driven-client.js';
import { preparePrinting } from '../printing-server.js';
import type { ClientSubject, ServerSubject, Subject } from '../subject.js';

const compilers: readonly { readonly toolchain: Toolchain; readonly name: string; readonly library: string }[] = [
  { toolchain: 'stack-abi', name: 'Go 1.15', library: 'crypto/tls, arguments on the stack' },
  { toolchain: 'system', name: 'Go', library: 'crypto/tls' },
  { toolchain: 'newest', name: 'newest Go', library: 'crypto/tls' },
];

const variants: readonly { readonly suffix: string; readonly build: GoBuild }[] = [
  { suffix: '', build: {} },
  { suffix: ', -ldflags "-s -w"', build: { stripped: true } },
  { suffix: ', -buildmode=pie', build: { pie: true } },
];

interface Row {
  readonly program: string;
  readonly library: string;
  readonly build: GoBuild;
}

const rows: readonly Row[] = compilers.flatMap(({ toolchain, name, library }) =>
  variants.map(({ suffix, build }) => ({
    ...{ program: `${name} net/http${suffix}`, library, build: { ...build, toolchain } },
  })),
);

/** What useGoPrograms has to compile before these rows are used. */
export const goBuilds: readonly GoBuild[] = rows.map(({ build }) => build);

function describe({ program, library, build }: Row) {
  return { program, library, needs: [`go:${build.toolchain}`], isFoundLate: true };
}

function goServer(row: Row): ServerSubject {
  return {
    ...{ role: 'server', ...describe(row) },
    prepare: (setting) => {
      const { scheme, certificate, directory } = setting;
      const options = scheme === 'https' ? { certificate } : {};
      const args = GoServer.arguments(join(directory, 'requests.log'), options);
      return preparePrinting(setting, buildGo('server', row.build), args);
    },
  };
}

function goClient(row: Row): ClientSubject {
  return {
    ...{ role: 'client', ...describe(row) },
    prepare: (setting) => prepareDriven(setting, buildGo('client', row.build), []),
  };
}

const plainRows = rows.filter(({ build }) => !build.stripped && !build.pie);

/** One of each compiler, with what useGoPrograms has to compile before. */
export const goServers: readonly ServerSubject[] = plainRows.map(goServer);
export const goServerBuilds: readonly GoBuild[] = plainRows.map(({ build }) => build);

export const goSubjects: readonly Subject[] = rows.flatMap((row) => [goServer(row), goClient(row)]);
