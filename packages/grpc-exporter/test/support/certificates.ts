// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Certificate {
  readonly certificate: Buffer;
  readonly key: Buffer;
}

/** Self-signed, so that it is its own authority. */
export function makeCertificate(name: string): Certificate {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-certificate-'));
  const key = join(directory, 'key.pem');
  const certificate = join(directory, 'certificate.pem');
  try {
    const kind = ['-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '1'];
    const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`];
    execFileSync('openssl', ['req', ...kind, ...subject, '-keyout', key, '-out', certificate], { stdio: 'ignore' });
    return { certificate: readFileSync(certificate), key: readFileSync(key) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
