// SPDX-License-Identifier: Apache-2.0
import { python, pythonScript } from '../../support/python.js';
import { prepareDriven } from '../driven-client.js';
import { preparePrinting } from '../printing-server.js';
import { programFile } from '../program-file.js';
import type { ClientSubject, ServerSubject, Subject } from '../subject.js';

function client(
  program: string,
  modules: readonly string[],
  file: string,
  args: readonly string[] = [],
): ClientSubject {
  return {
    ...{ program, role: 'client', library: 'libssl' },
    needs: modules.map((name) => `python:${name}`),
    prepare: (setting) => prepareDriven(setting, python, [programFile(`python/${file}`), ...args]),
  };
}

export const pythonHttpServer: ServerSubject = {
  ...{ program: 'Python http.server', role: 'server', library: 'libssl', needs: [] },
  prepare: (setting) => {
    const { scheme, certificate } = setting;
    const tls = scheme === 'https' ? ['--tls', certificate.file, certificate.key] : [];
    return preparePrinting(setting, python, [pythonScript('server'), ...tls]);
  },
};

export const pythonRequests = client('Python requests', ['requests'], 'requests_client.py');

const aiohttpServer: ServerSubject = {
  ...{ program: 'Python aiohttp', role: 'server', library: 'libssl, memory BIOs', needs: ['python:aiohttp'] },
  prepare: (setting) => {
    const { scheme, certificate } = setting;
    const tls = scheme === 'https' ? [certificate.file, certificate.key] : [];
    return preparePrinting(setting, python, [programFile('python/aiohttp_server.py'), ...tls]);
  },
};

export const pythonSubjects: readonly Subject[] = [
  pythonHttpServer,
  pythonRequests,
  aiohttpServer,
  { ...client('Python aiohttp', ['aiohttp'], 'aiohttp_client.py'), library: 'libssl, memory BIOs' },
  client('Python httpx, sync', ['httpx'], 'httpx_client.py', ['sync']),
  { ...client('Python httpx, async', ['httpx'], 'httpx_client.py', ['async']), library: 'libssl, memory BIOs' },
];
