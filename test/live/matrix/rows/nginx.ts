// SPDX-License-Identifier: Apache-2.0
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../../support/free-port.js';
import type { Program } from '../../support/program.js';
import { ForwardingClient } from '../forwarding-client.js';
import { untilListening } from '../printing-server.js';
import type { ClientSubject, ServerSubject, Setting } from '../subject.js';

const description = { library: 'libssl', needs: ['nginx'] };

/** nginx with a master, two workers and a directory of its own. */
async function launchNginx({ directory, launch }: Setting, http: string): Promise<Program> {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
  writeFileSync(
    join(directory, 'nginx.conf'),
    `user root;
daemon off;
worker_processes 2;
pid nginx.pid;
error_log error.log;
events { worker_connections 512; }
http {
  ${temporary.map((name) => `${name}_temp_path ${directory}/${name};`).join('\n  ')}
  access_log off;
  default_type text/plain;
  keepalive_timeout 120s;
  ${http}
}
`,
  );
  return launch('/usr/sbin/nginx', ['-p', directory, '-e', 'error.log', '-c', 'nginx.conf']);
}

export const nginxServer: ServerSubject = {
  ...{ program: 'nginx, master and 2 workers', role: 'server', ...description },
  prepare: async (setting) => {
    const { scheme, certificate } = setting;
    const port = await freePort();
    const tls = `ssl_certificate ${certificate.file}; ssl_certificate_key ${certificate.key};`;
    const program = await launchNginx(
      setting,
      `server {
    listen 127.0.0.1:${port} ${scheme === 'https' ? 'ssl' : ''};
    ${scheme === 'https' ? tls : ''}
    add_header X-Client-Port $remote_port always;
    location / { return 200 "nginx says target=$request_uri\\n"; }
    location = /missing { return 404 "there is no $request_uri\\n"; }
  }`,
    );
    return { program, ready: async () => untilListening(port).then(() => ({ port })) };
  },
};

export const nginxClient: ClientSubject = {
  ...{ program: 'nginx as a reverse proxy', role: 'client', ...description },
  prepare: async (setting) => {
    const { scheme, server } = setting;
    const port = await freePort();
    const program = await launchNginx(
      setting,
      `upstream backend { server 127.0.0.1:${server.port}; keepalive 4; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${scheme}://backend;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_ssl_verify off;
    }
  }`,
    );
    return { program, ready: () => ForwardingClient.to(port, setting.scene) };
  },
};
