// SPDX-License-Identifier: Apache-2.0

import type { Wanted } from '../exchange.js';
import type { ReferenceServer } from '../reference-server.js';
import type { ClientSubject } from '../subject.js';

/** Arguments of one curl for these requests, one after the other. */
function requestOptions(server: ReferenceServer, wanted: Wanted): readonly string[] {
  const { method, body } = wanted;
  return ['-s', '-k', '-4', ...(method === 'POST' ? ['--data-binary', body] : []), server.urlOf(wanted)];
}

export const curl: ClientSubject = {
  ...{ program: 'curl', role: 'client', library: 'libssl', needs: ['curl'], runsAlone: true },
  prepare: async ({ server, requests, launch }) => {
    const options = requests.map((wanted) => requestOptions(server, wanted).join('\0'));
    const program = await launch('/usr/bin/curl', options.join('\0--next\0').split('\0'));
    return { program, ready: async () => ({ request: async () => undefined }) };
  },
};

/** CONNECT and then TLS on the same connection; plain requests name the whole URL (RFC 9112 section 3.2.2). */
export const curlThroughProxy: ClientSubject = {
  ...{ program: 'curl through an HTTP proxy (CONNECT)', role: 'client', library: 'libssl', needs: ['curl'] },
  runsAlone: true,
  prepare: async ({ scheme, server, requests, launch }) => {
    const proxy = await server.startProxy();
    const options = requests.map((wanted) => {
      const url = ['-s', '-k', '-x', `http://127.0.0.1:${proxy}`];
      const body = wanted.method === 'POST' ? ['--data-binary', wanted.body] : [];
      return [...url, ...body, server.url(wanted.target)].join('\0');
    });
    const program = await launch('/usr/bin/curl', options.join('\0--next\0').split('\0'));
    return {
      program,
      ready: async () => ({
        request: async () => undefined,
        port: proxy,
        ...(scheme === 'http' ? { targetOf: ({ target }: Wanted) => server.url(target) } : {}),
        isOther: ({ request, response, source }) =>
          request?.method === 'CONNECT' &&
          response?.status === 200 &&
          server.tunnels.some(({ clientPort }) => clientPort === source?.port),
      }),
    };
  },
};
