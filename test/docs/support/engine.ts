// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeImage } from '../../live/support/container-image.js';
import { type DockerEngine, useDockerEngine } from '../../live/support/docker-engine.js';

/** Everything in /tmp, which each container has. */
const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'];
const CONFIGURATION = `
user root;
pid /tmp/nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path /tmp/${name};`).join(' ')}
  server {
    listen 80;
    location / { default_type text/html; return 200 "<h1>Welcome to nginx!</h1>\\n"; }
  }
}
`;

/** A container engine that has the image `nginx`, made of this machine's. @returns what leads `docker` to it */
export function useEngine(): () => NodeJS.ProcessEnv {
  const engine = useDockerEngine(async (fresh) => makeNginx(fresh));
  return () => ({ DOCKER_HOST: engine().host });
}

function makeNginx(engine: DockerEngine): void {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-nginx-'));
  try {
    writeFileSync(join(directory, 'nginx.conf'), CONFIGURATION);
    makeImage(engine, 'nginx', {
      programs: ['/usr/sbin/nginx', '/usr/bin/curl', '/bin/sh'],
      copies: {
        '/etc/nginx/nginx.conf': join(directory, 'nginx.conf'),
        '/etc/passwd': '/etc/passwd',
        '/etc/group': '/etc/group',
      },
      changes: ['CMD ["/usr/sbin/nginx", "-e", "/dev/stderr", "-g", "daemon off;"]'],
    });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
