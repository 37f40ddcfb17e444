// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

export interface Certificate {
  readonly file: string;
  readonly key: string;
}

const KEY_OPTIONS = ['-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-days', '1'];
const LOCAL_NAMES = ['DNS:localhost', 'IP:127.0.0.1', 'IP:::1'];

/** A self-signed certificate in a directory, for these names beside those of this machine. */
export function makeCertificate(directory: string, names: readonly string[] = []): Certificate {
  const certificate = { file: join(directory, 'certificate.pem'), key: join(directory, 'key.pem') };
  const subject = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${[...LOCAL_NAMES, ...names].join(',')}`];
  const files = ['-keyout', certificate.key, '-out', certificate.file];
  execFileSync('openssl', ['req', '-x509', ...KEY_OPTIONS, ...subject, ...files], { stdio: 'ignore' });
  return certificate;
}

/** A self-signed certificate for localhost, made once for the tests of a file. */
export function useCertificate(): Certificate {
  let directory = '';
  const certificate: Certificate = {
    get file() {
      return join(directory, 'certificate.pem');
    },
    get key() {
      return join(directory, 'key.pem');
    },
  };
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'flowtap-live-certificate-'));
    makeCertificate(directory);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return certificate;
}
