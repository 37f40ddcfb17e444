// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Certificate } from './certificate.js';
import { freePort } from './free-port.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

const MODULES = '/usr/lib/apache2/modules';

/** Apache httpd with HTTP/2: by ALPN with a certificate, else in the clear (h2c). */
export class Apache {
  readonly program: Program;
  readonly #origin: string;

  private constructor(program: Program, origin: string) {
    this.program = program;
    this.#origin = origin;
  }

  static async start(
    scene: Scene,
    files: Readonly<Record<string, string>>,
    certificate?: Certificate,
  ): Promise<Apache> {
    const root = scene.path('apache');
    const port = await freePort();
    mkdirSync(join(root, 'html'), { recursive: true });
    for (const [name, content] of Object.entries(files)) writeFileSync(join(root, 'html', name), content);
    writeFileSync(join(root, 'httpd.conf'), configuration(root, port, certificate));
    const program = await scene.start('apache2', ['-f', join(root, 'httpd.conf'), '-D', 'FOREGROUND']);
    const origin = `${certificate === undefined ? 'http' : 'https'}://localhost:${port}`;
    await until('Apache answers', async () => (await scene.run('curl', ['-sk', `${origin}/`])).status === 0);
    return new Apache(program, origin);
  }

  url(target: string): string {
    return this.#origin + target;
  }
}

function configuration(root: string, port: number, certificate: Certificate | undefined): string {
  const modules = ['mpm_event', 'authz_core', 'http2', ...(certificate === undefined ? [] : ['ssl'])];
  const tls =
    certificate === undefined
      ? 'Protocols h2c http/1.1'
      : `Protocols h2 http/1.1
SSLEngine on
SSLCertificateFile ${certificate.file}
SSLCertificateKeyFile ${certificate.key}`;
  return `
ServerRoot ${root}
PidFile ${root}/pid
DefaultRuntimeDir ${root}
Listen 127.0.0.1:${port}
ServerName localhost
User www-data
Group www-data
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
ErrorLog ${root}/error.log
DocumentRoot ${root}/html
${tls}
`;
}
