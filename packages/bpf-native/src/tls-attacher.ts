// SPDX-License-Identifier: Apache-2.0
import { closeSync, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Logger } from '@flowtap/core';
import { findFunctions } from './elf.js';
import { planGoProbes } from './go-probes.js';
import type { NativeSession } from './native-binding.js';
import { toBpfError } from './native-errors.js';
import { executableMappings, type FileMapping } from './proc.js';
import { planTlsProbes, TLS_SYMBOLS, type TlsPlace, type TlsProbes } from './tls-probes.js';
import type { ReadCode } from './x86-code.js';

/** A file whose TLS functions are probed. */
export interface TlsLibrary {
  /** As the process saw it that made it known. */
  readonly path: string;
  /** Behind the exported functions, where that is cheaper and the code shows that it is safe, or at them. */
  readonly place: TlsPlace;
  /** Of a Go program that tells it, such as "go1.19.8". */
  readonly goVersion?: string | undefined;
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
    const seen = new Set<string>();
    const work: Promise<void>[] = [];
    for (const mapping of executableMappings(pid)) {
      if (seen.has(mapping.path)) continue;
      seen.add(mapping.path);
      work.push(this.#inspectMapping(pid, mapping));
    }
    await Promise.all(work);
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
    const paths = new Set(cache.match(/\/[^\0]*\/libssl\.so[^\0]*/g));
    await Promise.all([...paths].map((path) => this.#inspectFile([`${root}${path}`], path)));
  }

  #inspectMapping(pid: number, mapping: FileMapping): Promise<void> {
    // map_files leads to the very inode, also when the file was deleted or replaced; the path through the process's
    // root is for kernels and capabilities that refuse it.
    return this.#inspectFile(
      [`/proc/${pid}/map_files/${mapping.range}`, `/proc/${pid}/root${mapping.path}`],
      mapping.path,
    );
  }

  async #inspectFile(candidates: readonly string[], path: string): Promise<void> {
    const fd = openFirst(candidates);
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
    const plan = planTlsProbes(findFunctions(fd, TLS_SYMBOLS), process.arch === 'x64' ? codeReader(fd) : undefined);
    if (plan !== undefined) await this.#attachPlan(fd, { path, place: plan.place }, plan.probes);
    const go = planGoProbes(fd);
    if (go !== undefined) await this.#attachPlan(fd, { path, place: go.place, goVersion: go.version }, go.probes);
  }

  async #attachPlan(fd: number, library: TlsLibrary, probes: readonly TlsProbes[]): Promise<void> {
    const { path, place } = library;
    try {
      for (const { program, atReturn, offsets, cookies } of probes) {
        // /proc/self/fd leads the kernel to the open inode, whatever the mount namespace of the target calls it.
        await this.#session.attachUprobes(program, `/proc/self/fd/${fd}`, offsets, cookies, atReturn);
      }
    } catch (error) {
      this.#logger.warn(`cannot probe the TLS functions of ${path}: ${(toBpfError(error) as Error).message}`);
      return;
    }
    this.#libraries.push(library);
    this.#logger.debug(`TLS probes on ${path} (${place})`);
  }
}

function codeReader(fd: number): ReadCode {
  return (fileOffset, bytes) => {
    const buffer = Buffer.alloc(bytes);
    return buffer.subarray(0, readSync(fd, buffer, 0, bytes, fileOffset));
  };
}

function openFirst(candidates: readonly string[]): number | undefined {
  for (const candidate of candidates) {
    try {
      return openSync(candidate, 'r');
    } catch {
      // Gone or not allowed: the next name may do.
    }
  }
  return undefined;
}
