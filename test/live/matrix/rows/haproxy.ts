// SPDX-License-Identifier: Apache-2.0
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.js';
import type { Program } from '../../support/program.js';
import { ForwardingClient } from '../forwarding-client.js';
import { untilListening } from '../printing-server.js';
import type { ClientSubject, ServerSubject, Setting } from '../subject.js';

const description = { library: 'libssl', needs: ['haproxy'] };

async function launchHaproxy({ directory, launch }: Setting, bind: string, server: string): Promise<Program> {
  const file = join(directory, 'haproxy.cfg');
  writeFileSync(
    file,
    `global
  nbthread 2
defaults
  mode http
  # A connection without a request gets no answer.
  option http-ignore-probes
  timeout connect 10s
  timeout client 120s
  timeout server 120s
  timeout http-keep-alive 120s
  http-reuse always
frontend front
  bind ${bind}
  http-response set-header X-Client-Port %[src_port]
  default_backend back
backend back
  server only ${server}
`,
  );
  return launch('/usr/sbin/haproxy', ['-f', file, '-db']);
}

export const haproxyServer: ServerSubject = {
  ...{ program: 'HAProxy, terminating TLS', role: 'server', ...description },
  prepare: async (setting) => {
    const { scheme, certificate, directory, backend } = setting;
    const port = await freePort();
    const both = join(directory, 'both.pem');
    writeFileSync(both, readFileSync(certificate.file, 'utf8') + readFileSync(certificate.key, 'utf8'));
    const bind = `127.0.0.1:${port}${scheme === 'https' ? ` ssl crt ${both} alpn http/1.1` : ''}`;
    const program = await launchHaproxy(setting, bind, `127.0.0.1:${backend.port}`);
    return {
      program,
      ready: async () => {
        await untilListening(port);
        return { port, isOther: (flow) => flow.role === 'client' && flow.destination?.port === backend.port };
      },
    };
  },
};

export const haproxyClient: ClientSubject = {
  ...{ program: 'HAProxy towards its backend', role: 'client', ...description },
  prepare: async (setting) => {
    const { scheme, server } = setting;
    const port = await freePort();
    const backend = `127.0.0.1:${server.port}${scheme === 'https' ? ' ssl verify none' : ''}`;
    const program = await launchHaproxy(setting, `127.0.0.1:${port}`, backend);
    return { program, ready: () => ForwardingClient.to(port, setting.scene) };
  },
};
