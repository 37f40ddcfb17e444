// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.js';
import type { Program } from '../../support/program.js';
import { ForwardingClient } from '../forwarding-client.js';
import { untilListening } from '../printing-server.js';
import type { ClientSubject, ServerSubject, Setting } from '../subject.js';

const description = { library: 'libssl', needs: ['apache2'] };
const modules = ['mpm_event', 'authz_core', 'headers', 'ssl', 'proxy', 'proxy_http', 'socache_shmcb'];

async function launchApache({ directory, launch }: Setting, port: number, configuration: string): Promise<Program> {
  mkdirSync(join(directory, 'html'));
  for (const name of ['opening', 'first', 'upload', 'fresh']) {
    writeFileSync(join(directory, 'html', name), `Apache's file ${name}.\n`);
  }
  const file = join(directory, 'apache.conf');
  writeFileSync(
    file,
    `${modules.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
ServerRoot ${directory}
ServerName localhost
DefaultRuntimeDir ${directory}
PidFile ${directory}/pid
ErrorLog ${directory}/error.log
Mutex file:${directory} default
User nobody
Group nogroup
Listen 127.0.0.1:${port}
StartServers 2
ServerLimit 2
ThreadsPerChild 8
MaxRequestWorkers 16
MinSpareThreads 1
MaxSpareThreads 16
KeepAlive On
KeepAliveTimeout 120
MaxKeepAliveRequests 0
DocumentRoot ${directory}/html
<Directory ${directory}/html>
  Require all granted
</Directory>
Header always set X-Client-Port "expr=%{REMOTE_PORT}"
${configuration}
`,
  );
  return launch('/usr/sbin/apache2', ['-f', file, '-DFOREGROUND']);
}

export const apacheServer: ServerSubject = {
  ...{ program: 'Apache httpd, event MPM', role: 'server', ...description },
  prepare: async (setting) => {
    const { scheme, certificate } = setting;
    const port = await freePort();
    const tls = `SSLEngine on\nSSLCertificateFile ${certificate.file}\nSSLCertificateKeyFile ${certificate.key}`;
    const program = await launchApache(setting, port, scheme === 'https' ? tls : '');
    return { program, ready: async () => untilListening(port).then(() => ({ port })) };
  },
};

export const apacheClient: ClientSubject = {
  ...{ program: 'Apache httpd as a reverse proxy', role: 'client', ...description },
  prepare: async (setting) => {
    const port = await freePort();
    const { server } = setting;
    const tls = 'SSLProxyEngine on\nSSLProxyVerify none\nSSLProxyCheckPeerName off\nSSLProxyCheckPeerCN off\n';
    const program = await launchApache(setting, port, `${tls}ProxyPass / ${server.url('/')}`);
    return { program, ready: () => ForwardingClient.to(port, setting.scene) };
  },
};
