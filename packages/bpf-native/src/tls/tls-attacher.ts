// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import type { Logger } from '@flowtap/core';
import type { KernelPrograms } from '../kernel/kernel-programs.js';
import type { NativeSession } from '../records/native-binding.js';
import { toBpfError } from '../records/native-errors.js';
import type { MapRecord } from '../records/record-decoder.js';
import { FILE_KEY } from '../records/record-layout.js';
import { distinctMappings, executableMappings, openFirst, openMapping } from '../targets/proc.js';
import { type FileGate, FileGates } from './file-gates.js';
import { fileIdentity } from './file-identity.js';
import type { Haste } from './file-plan.js';
import { type FileUsers, hasUsers, type LivingTargets } from './file-users.js';
import { linkerCacheLibraries } from './linker-cache.js';
import type { PlansAhead } from './plans-ahead.js';
import type { TlsPlace } from './tls-plan.js';
import type { TlsLibraryName } from './tls-probes.js';
import { isLateProgram, programsOf } from './uprobe-programs.js';

/** A file whose TLS functions are probed. */
export interface TlsLibrary {
  /** As the process saw it that made it known. */
  readonly path: string;
  /** Whose functions it has; BoringSSL and LibreSSL have those of OpenSSL. */
  readonly library: TlsLibraryName;
  /** Behind the exported functions, where that is cheaper and the code shows that it is safe, or at them. */
  readonly place: TlsPlace;
  /** Of a Go program that tells it, such as "go1.19.8". */
  readonly version?: string;
}

interface Probes {
  readonly gate: FileGate;
  readonly links: readonly number[];
  readonly library: TlsLibrary;
}

interface KnownFile extends FileUsers {
  work: Promise<void>;
  /** Absent: it has no TLS functions, or they are not probed yet. */
  probes?: Probes;
}

interface Inspection {
  /** The process that has the file mapped; none where only the linker knows it. */
  readonly mapper?: number;
  /** It is in a layer of an image. */
  readonly isLayer?: boolean;
  readonly haste?: Haste;
}

/** Files without TLS functions that are remembered, so that they are read once. */
const MAX_FILES = 8192;

/** Probes of files that nobody uses are taken off so long after the event that may have made them useless. */
const SWEEP_DELAY_MS = 100;
/** A sweep reads the memory maps of processes: with many processes that end it is not made for each. */
const SWEEP_INTERVAL_MS = 1000;

/**
 * Finds TLS libraries in what targets map and probes each file once, for every process that maps it or ever will:
 * uprobes belong to the inode. A file is let go when the last target that had a use for it is gone.
 */
export class TlsAttacher {
  readonly #programs: KernelPrograms;
  readonly #session: NativeSession;
  readonly #plans: PlansAhead;
  readonly #logger: Logger;
  readonly #living: () => LivingTargets;
  readonly #gates: FileGates;
  /** By their identity. */
  readonly #files = new Map<string, KnownFile>();
  #sweepTimer: NodeJS.Timeout | undefined;
  #lastSweepMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(programs: KernelPrograms, plans: PlansAhead, logger: Logger, living: () => LivingTargets) {
    this.#programs = programs;
    this.#session = programs.session;
    this.#plans = plans;
    this.#logger = logger;
    this.#living = living;
    this.#gates = new FileGates(this.#session);
  }

  get libraries(): readonly TlsLibrary[] {
    return [...this.#files.values()].flatMap(({ probes }) => (probes === undefined ? [] : [probes.library]));
  }

  /** Everything executable that a process has mapped, its own program included. `soon`: it has just begun, and goes on. */
  async inspectProcess(pid: number, target: number, haste: Haste = 'whenever'): Promise<void> {
    await Promise.all(
      distinctMappings(pid).map((mapping) =>
        this.#inspect(openMapping(pid, mapping), mapping.path, target, { mapper: pid, haste }),
      ),
    );
  }

  /** The file that a process has just mapped. */
  async inspectMapping({ pid, target, ...file }: MapRecord): Promise<void> {
    const prefix = `${file.start.toString(16)}-`;
    const mapping = executableMappings(pid).find(({ range }) => range.startsWith(prefix));
    const fd = mapping && openMapping(pid, mapping);
    if (mapping && fd !== undefined) await this.#inspect(fd, mapping.path, target, { mapper: pid, haste: 'soon' });
    // The process is gone, or has unmapped it: the kernel is to tell of the file again.
    else this.#session.mapDelete('known_files', fileKey(file));
  }

  /**
   * Libraries that the dynamic linker knows (ld.so(8)), of this machine or of the root directory that a process has: a
   * program that is about to start may use them sooner than a probe could follow its first mapping.
   */
  async inspectLinkerCache(target: number, pid?: number): Promise<void> {
    const root = pid === undefined ? '' : `/proc/${pid}/root`;
    const paths = linkerCacheLibraries(root);
    await Promise.all(paths.map((path) => this.#inspect(openFirst([`${root}${path}`]), path, target)));
  }

  /** Files in the layers of an image that a container may use as soon as it starts, which may be at any moment. */
  async inspectLayerFiles(paths: readonly string[], target: number): Promise<void> {
    const inspection = { isLayer: true, haste: 'soon' } as const;
    await Promise.all(paths.map((path) => this.#inspect(openFirst([path]), path, target, inspection)));
  }

  /** A process ended or became another program, or a target was removed: some file may have no user any more. */
  usersChanged(): void {
    if (this.#isStopped || this.#sweepTimer !== undefined) return;
    const nextMs = this.#lastSweepMs + SWEEP_INTERVAL_MS - performance.now();
    this.#sweepTimer = setTimeout(() => this.#sweep(), Math.max(SWEEP_DELAY_MS, nextMs));
    this.#sweepTimer.unref();
  }

  /** Takes all probes off. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#sweepTimer);
    await this.#session.detach([...this.#files.values()].flatMap(({ probes }) => probes?.links ?? []));
  }

  async #inspect(
    fd: number | undefined,
    path: string,
    target: number,
    { mapper, isLayer = false, haste = 'whenever' }: Inspection = {},
  ): Promise<void> {
    if (fd === undefined) return;
    const { key, inode } = fileIdentity(fd, isLayer);
    let file = this.#files.get(key);
    if (file === undefined) {
      file = { path, inode, mappedBy: new Map(), knownTo: new Set(), work: Promise.resolve() };
      file.work = this.#attach(key, fd, file, haste).finally(() => closeSync(fd));
      this.#remember(key, file);
    } else {
      closeSync(fd);
    }
    if (mapper === undefined) file.knownTo.add(target);
    else file.mappedBy.set(target, mapper);
    await file.work;
  }

  #remember(key: string, file: KnownFile): void {
    this.#files.set(key, file);
    if (this.#files.size <= MAX_FILES) return;
    for (const [oldest, { probes }] of this.#files) {
      if (probes !== undefined) continue;
      this.#files.delete(oldest);
      return;
    }
  }

  async #attach(key: string, fd: number, file: KnownFile, haste: Haste): Promise<void> {
    const { path } = file;
    const plan = this.#plans.take(key, fd, haste);
    if (plan === undefined) return;
    const gate = this.#gates.take();
    if (gate === undefined) {
      this.#logger.warn(`cannot probe the TLS functions of ${path}: too many files are probed already`);
      return;
    }
    const links: number[] = [];
    try {
      // /proc/self/fd leads the kernel to the open inode, whatever the mount namespace of the target calls it.
      const open = `/proc/self/fd/${fd}`;
      for (const { program: planned, offsets, cookies } of plan.probes) {
        const gated = cookies.map((cookie) => gate.cookie(cookie));
        if (isLateProgram(planned)) await this.#programs.loadLate();
        for (const { program, atReturn } of programsOf(planned, this.#programs.hasSessions)) {
          links.push(await this.#session.attachUprobes(program, open, offsets, gated, atReturn));
        }
      }
      gate.open();
    } catch (error) {
      this.#logger.warn(`cannot probe the TLS functions of ${path}: ${(toBpfError(error) as Error).message}`);
      if (links.length > 0) await this.#session.detach(links);
      gate.release();
      return;
    }
    const { library, place, version } = plan;
    file.probes = { gate, links, library: { path, library, place, ...(version === undefined ? {} : { version }) } };
    this.#logger.debug(`TLS probes on ${path} (${library}, ${place})`);
    this.usersChanged(); // it may have ended meanwhile
  }

  #sweep(): void {
    this.#sweepTimer = undefined;
    if (this.#isStopped) return;
    const probed = [...this.#files].filter(([, { probes }]) => probes !== undefined);
    let unused = probed.filter(this.#isUnused(this.#living()));
    if (unused.length > 0) {
      // The kernel tells of each mapped file once. It forgets them before the second look, so that whoever maps one of
      // them from then on is told of, and whoever did before is seen.
      for (const [i, key] of this.#session.mapEntries('known_files').entries()) {
        if (i % 2 === 0) this.#session.mapDelete('known_files', key);
      }
      unused = unused.filter(this.#isUnused(this.#living()));
    }
    for (const [key, { path, probes }] of unused) {
      // Forgotten at once: the next user attaches anew, also while this is under way.
      this.#files.delete(key);
      this.#logger.debug(`TLS probes off ${path}: no target uses it any more`);
      if (probes !== undefined) void this.#detach(probes);
    }
    this.#lastSweepMs = performance.now();
  }

  async #detach({ gate, links }: Probes): Promise<void> {
    gate.close();
    try {
      await this.#session.detach(links);
      gate.release();
    } catch (error) {
      this.#logger.warn((error as Error).message);
    }
  }

  #isUnused(living: LivingTargets): (file: readonly [key: string, file: KnownFile]) => boolean {
    return ([, file]) => !hasUsers(file, living);
  }
}

function fileKey({
  inode,
  deviceMajor,
  deviceMinor,
}: Pick<MapRecord, 'inode' | 'deviceMajor' | 'deviceMinor'>): Buffer {
  const key = Buffer.alloc(FILE_KEY.bytes);
  key.writeBigUInt64LE(inode, FILE_KEY.inode);
  key.writeUInt32LE(deviceMajor * 2 ** FILE_KEY.minorBits + deviceMinor, FILE_KEY.device);
  return key;
}
