// SPDX-License-Identifier: Apache-2.0
import { testProgram } from '../../support/test-programs.js';
import { prepareDriven } from '../driven-client.js';
import { preparePrinting } from '../printing-server.js';
import { programFile } from '../program-file.js';
import type { ClientSubject, ServerSubject, Subject } from '../subject.js';

const description = { library: 'OpenSSL in the executable, memory BIOs', isFoundLate: true };

function executable(version: number): string {
  return testProgram(`node-${version}/bin/node`);
}

export function nodeServer(version: number): ServerSubject {
  return {
    ...{ program: `Node.js ${version} http, https`, role: 'server', ...description, needs: [executable(version)] },
    prepare: (setting) => {
      const { scheme, certificate } = setting;
      const tls = scheme === 'https' ? [certificate.file, certificate.key] : [];
      return preparePrinting(setting, executable(version), [programFile('node/server.mjs'), ...tls]);
    },
  };
}

export function nodeClient(version: number, kind: 'http' | 'fetch'): ClientSubject {
  return {
    program: `Node.js ${version} ${kind === 'http' ? 'http, https' : 'fetch (undici)'}`,
    ...{ role: 'client', ...description, needs: [executable(version)] },
    prepare: (setting) => {
      const env = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
      return prepareDriven(setting, executable(version), [programFile('node/client.mjs'), kind], env);
    },
  };
}

export const nodeSubjects: readonly Subject[] = [20, 22, 24, 26].flatMap((version) => [
  nodeServer(version),
  nodeClient(version, 'http'),
  nodeClient(version, 'fetch'),
]);
