// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync } from 'node:fs';
import { type FileMapping, openMapping } from '../targets/proc.js';
import { planFile } from '../tls/file-plan.js';
import type { TlsPlace } from '../tls/tls-plan.js';
import type { TlsLibraryName } from '../tls/tls-probes.js';
import { scanFile } from './file-scan.js';
import { programFacts } from './program-facts.js';

/** A TLS library in a process that can be read. */
export interface ProcessTlsLibrary {
  /** As the process sees it. */
  readonly path: string;
  /** Whose functions it has; BoringSSL and LibreSSL have those of OpenSSL. */
  readonly library: TlsLibraryName;
  readonly version?: string;
  /** `executable`: linked into the program itself. */
  readonly linkage: 'shared' | 'executable';
  /** Where its functions are probed by a capture: behind the exported ones, or at them. */
  readonly place: TlsPlace;
  /** Identity of the file: probes belong to it, not to a process. */
  readonly inode: number;
}

/** The libraries of the executable mappings that have functions a probe knows. */
export async function findTlsLibraries(
  pid: number,
  exe: string | undefined,
  mappings: readonly FileMapping[],
): Promise<ProcessTlsLibrary[]> {
  const libraries: ProcessTlsLibrary[] = [];
  for (const mapping of mappings) {
    const found = probedPlace(pid, mapping);
    if (found === undefined) continue;
    const { path } = mapping;
    const version = found.version ?? (await libraryVersion(pid, found.library, mapping, mappings));
    libraries.push({
      path,
      ...found,
      ...(version === undefined ? {} : { version }),
      linkage: path === exe ? 'executable' : 'shared',
    });
  }
  return libraries;
}

/** Library, place and inode where a capture would probe the mapped file. */
export function probedPlace(
  pid: number,
  mapping: FileMapping,
): Pick<ProcessTlsLibrary, 'library' | 'place' | 'inode' | 'version'> | undefined {
  const fd = openMapping(pid, mapping);
  if (fd === undefined) return undefined;
  try {
    const plan = planFile(fd);
    const version = plan?.version?.replace(/^go/, '');
    const inode = fstatSync(fd).ino;
    return plan && { library: plan.library, place: plan.place, inode, ...(version === undefined ? {} : { version }) };
  } finally {
    closeSync(fd);
  }
}

/** The number as GnuTLS writes it into its log messages; libgnutls's file name counts interfaces. */
const GNUTLS_VERSION = { version: { begins: 'Enabled GnuTLS ', pattern: /^Enabled GnuTLS (\d+\.\d+\.\d+)/ } };

async function libraryVersion(
  pid: number,
  library: TlsLibraryName,
  mapping: FileMapping,
  mappings: readonly FileMapping[],
): Promise<string | undefined> {
  const fileOf = ({ path }: FileMapping) => `/proc/${pid}/root${path}`;
  if (library === 'go') return undefined;
  if (library === 'gnutls') return (await scanFile(fileOf(mapping), GNUTLS_VERSION)).version;
  // Of a shared OpenSSL the version is in libcrypto.
  const crypto = mappings.find(({ path }) => /\/libcrypto\.so/.test(path));
  const { openssl } = await programFacts(fileOf(/\/libssl\.so/.test(mapping.path) && crypto ? crypto : mapping));
  return openssl === '' ? undefined : openssl;
}
