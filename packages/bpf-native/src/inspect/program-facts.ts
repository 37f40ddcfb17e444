// SPDX-License-Identifier: Apache-2.0
import { statSync } from 'node:fs';
import { type Marker, scanFile } from './file-scan.js';

/** What the bytes of a program tell of what it was built from. Absent: no sign of it. */
export interface ProgramFacts {
  /** Version of the Go toolchain, `''` where it is not written in the program itself (before Go 1.18). */
  readonly go?: string;
  readonly nodejs?: string;
  /** `''` where the version is not in it. */
  readonly openssl?: string;
  readonly rustls?: string;
  readonly boringssl?: true;
}

const MARKERS = {
  // debug/buildinfo: magic, pointer size, flags; from Go 1.18 on a length and the version itself at offset 32.
  go: { begins: '\xff Go buildinf:', pattern: /^\xff Go buildinf:(?:[\s\S]{19}(go\d+\.\d+(?:\.\d+|rc\d+|beta\d+)?))?/ },
  nodejs: { begins: 'nodejs.org/download/', pattern: /^nodejs\.org\/download\/[\w-]+\/v(\d+\.\d+\.\d+)/ },
  openssl: { begins: 'OpenSSL ', pattern: /^OpenSSL (\d+\.\d+\.\d+[a-z]?) / },
  // Paths of the sources that panic messages name.
  rustls: { begins: 'rustls-', pattern: /^rustls-(\d+\.\d+\.\d+)/ },
  boringssl: { begins: 'BoringSSL', pattern: /^BoringSSL/ },
  // Names of source files, in what errors say of themselves.
  boringsslSource: { begins: 'third_party/boringssl', pattern: /^third_party\/boringssl/ },
  opensslSource: { begins: 'ssl/statem/', pattern: /^ssl\/statem\/statem_\w+\.c/ },
} satisfies Readonly<Record<string, Marker>>;

const MAX_KNOWN = 256;
const known = new Map<string, Promise<ProgramFacts>>();

/** Reads the file once; the answer is kept by inode. */
export function programFacts(path: string): Promise<ProgramFacts> {
  let key: string;
  try {
    const { dev, ino, size, mtimeMs } = statSync(path);
    key = `${dev}:${ino}:${size}:${mtimeMs}`;
  } catch {
    return Promise.resolve({});
  }
  const before = known.get(key);
  if (before !== undefined) return before;
  const facts = scanFile(path, MARKERS).then(toFacts);
  const [oldest] = known.keys();
  if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  known.set(key, facts);
  return facts;
}

function toFacts(found: Partial<Record<keyof typeof MARKERS, string>>): ProgramFacts {
  const { go, nodejs, openssl, opensslSource, rustls, boringssl, boringsslSource } = found;
  return {
    ...(go === undefined ? {} : { go: go.startsWith('go') ? go.slice(2) : '' }),
    ...(nodejs === undefined ? {} : { nodejs }),
    ...(openssl === undefined && opensslSource === undefined ? {} : { openssl: openssl ?? '' }),
    ...(rustls === undefined ? {} : { rustls }),
    ...(boringssl === undefined && boringsslSource === undefined ? {} : { boringssl: true }),
  };
}
