// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, readFileSync } from 'node:fs';
import type { Logger } from '@flowtap/core';
import { codeReader } from './code-reader.js';
import { findFunctions } from './elf.js';
import type { NativeSession } from './native-binding.js';
import { toBpfError } from './native-errors.js';
import { distinctMappings, executableMappings, type FileMapping, openFirst, openMapping } from './proc.js';
import type { TlsPlace } from './tls-plan.js';
import { planTlsProbes, TLS_SYMBOLS, type TlsLibraryName } from './tls-probes.js';

/** A file whose TLS functions are probed. */
export interface TlsLibrary {
  /** As the process saw it that made it known. */
  readonly path: string;
  /** Whose functions it has; BoringSSL and LibreSSL have those of OpenSSL. */
  readonly library: TlsLibraryName;
  /** Behind the exported functions, where that is cheaper and the code shows that it is safe, or at them. */
  readonly place: TlsPlace;
}

/**
 * Finds TLS libraries in what targets map and probes each file once, for every process that maps it or ever will:
 * uprobes belong to the inode.
 */
export class TlsAttacher {
  readonly #session: NativeSession;
  readonly #logger: Logger;
  /** By device and inode: files that were looked at, with the attachment under way or done. */
  readonly #files = new Map<string, Promise<void>>();
  readonly #libraries: TlsLibrary[] = [];

  constructor(session: NativeSession, logger: Logger) {
    this.#session = session;
    this.#logger = logger;
  }

  get libraries(): readonly TlsLibrary[] {
    return this.#libraries;
  }

  /** Everything executable that a process has mapped, its own program included. */
  async inspectProcess(pid: number): Promise<void> {
    await Promise.all(distinctMappings(pid).map((mapping) => this.#inspectMapping(pid, mapping)));
  }

  /** The file that a process has just mapped at this address. */
  async inspectMapping(pid: number, start: bigint): Promise<void> {
    const prefix = `${start.toString(16)}-`;
    const mapping = executableMappings(pid).find(({ range }) => range.startsWith(prefix));
    if (mapping) await this.#inspectMapping(pid, mapping);
  }

  /**
   * Libraries that the dynamic linker knows (ld.so(8)), of this machine or of the root directory that a process has: a
   * program that is about to start may use them sooner than a probe could follow its first mapping.
   */
  async inspectLinkerCache(pid?: number): Promise<void> {
    const root = pid === undefined ? '' : `/proc/${pid}/root`;
    let cache: string;
    try {
      cache = readFileSync(`${root}/etc/ld.so.cache`, 'latin1');
    } catch {
      return; // musl, or no cache: the memory map will tell
    }
    const paths = new Set(cache.match(/\/[^\0]*\/lib(?:ssl|gnutls)\.so[^\0]*/g));
    await Promise.all([...paths].map((path) => this.#inspectFile(openFirst([`${root}${path}`]), path)));
  }

  #inspectMapping(pid: number, mapping: FileMapping): Promise<void> {
    return this.#inspectFile(openMapping(pid, mapping), mapping.path);
  }

  async #inspectFile(fd: number | undefined, path: string): Promise<void> {
    if (fd === undefined) return;
    const { dev, ino, size } = fstatSync(fd, { bigint: true });
    const key = `${dev}:${ino}:${size}`;
    const known = this.#files.get(key);
    if (known !== undefined) {
      closeSync(fd);
      return known;
    }
    const work = this.#attach(fd, path).finally(() => closeSync(fd));
    this.#files.set(key, work);
    await work;
  }

  async #attach(fd: number, path: string): Promise<void> {
    const plan = planTlsProbes(findFunctions(fd, TLS_SYMBOLS), codeReader(fd));
    if (plan === undefined) return;
    try {
      for (const { program, atReturn, offsets, cookies } of plan.probes) {
        // /proc/self/fd leads the kernel to the open inode, whatever the mount namespace of the target calls it.
        await this.#session.attachUprobes(program, `/proc/self/fd/${fd}`, offsets, cookies, atReturn);
      }
    } catch (error) {
      this.#logger.warn(`cannot probe the TLS functions of ${path}: ${(toBpfError(error) as Error).message}`);
      return;
    }
    this.#libraries.push({ path, library: plan.library, place: plan.place });
    this.#logger.debug(`TLS probes on ${path} (${plan.place} functions)`);
  }
}
