// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { type BlindSpot, blindLibraries, blindProgram } from '../inspect/blind-spots.js';
import { type ProgramFacts, programFacts } from '../inspect/program-facts.js';
import { detectRuntime } from '../inspect/runtime.js';
import { distinctMappings, openFirst, readExe } from '../targets/proc.js';
import { planFile } from './file-plan.js';

/** Libraries that are probed wherever they are found. */
const READABLE = /\/lib(?:ssl|gnutls)\.so/;

/** What an executable says of itself. */
interface Program {
  readonly exe: string | undefined;
  /** It has functions that are probed. */
  readonly isReadable: boolean;
  readonly facts: ProgramFacts;
}

/**
 * Finds out why the TLS of a process cannot be read. It looks at the executable when it is started and at the memory map
 * when the process first encrypts: when the connection has ended it is too late, the process may be gone.
 */
export class BlindSpotWatch {
  readonly #found: (pid: number, spot: BlindSpot) => void;
  /** Both are bounded by the processes that are targets: `gone` removes them. */
  readonly #seen = new Set<number>();
  readonly #programs = new Map<number, Program | Promise<void>>();

  constructor(found: (pid: number, spot: BlindSpot) => void) {
    this.#found = found;
  }

  /** The process has just started this program. Never rejects. */
  started(pid: number): Promise<void> {
    const known = this.#programs.get(pid);
    if (known instanceof Promise) return known;
    const looking = this.#look(pid).catch(() => undefined); // the process is gone
    this.#programs.set(pid, looking);
    return looking;
  }

  /** The process sent or received a TLS handshake. */
  encrypts(pid: number): void {
    if (this.#seen.has(pid)) return;
    this.#seen.add(pid);
    const program = this.#programs.get(pid);
    if (program !== undefined && !(program instanceof Promise)) {
      this.#judge(pid, program);
      return;
    }
    // What the memory map says is known at once; the executable has to be read.
    const [library] = blindLibraries(mappedFiles(pid));
    if (library !== undefined) this.#found(pid, library);
    else void this.started(pid).then(() => this.#judge(pid, this.#programs.get(pid)));
  }

  /** The process ended or became another program. */
  gone(pid: number): void {
    this.#seen.delete(pid);
    this.#programs.delete(pid);
  }

  async #look(pid: number): Promise<void> {
    const fd = openFirst([`/proc/${pid}/exe`]);
    if (fd === undefined) return;
    try {
      const exe = readExe(pid);
      const isReadable = planFile(fd) !== undefined;
      const facts = isReadable ? {} : await programFacts(`/proc/self/fd/${fd}`);
      if (this.#programs.has(pid)) this.#programs.set(pid, { exe, isReadable, facts });
    } finally {
      closeSync(fd);
    }
  }

  #judge(pid: number, program: Program | Promise<void> | undefined): void {
    if (program === undefined || program instanceof Promise || !this.#seen.has(pid)) return;
    const spot = blindSpotOf(mappedFiles(pid), program, `/proc/${pid}/root`);
    if (spot !== undefined) this.#found(pid, spot);
  }
}

/** Empty for a process that is gone or went meanwhile: half a memory map would speak of libraries that are missing. */
function mappedFiles(pid: number): string[] {
  const files = distinctMappings(pid).map(({ path }) => path);
  return readExe(pid) === undefined ? [] : files;
}

/** The likely reason, if a connection turns out to be unreadable; undefined where nothing speaks for one. */
function blindSpotOf(mapped: readonly string[], program: Program, root: string): BlindSpot | undefined {
  const [library] = blindLibraries(mapped);
  if (library !== undefined) return library;
  if (program.isReadable || mapped.some((path) => READABLE.test(path))) return undefined;
  const { exe, facts } = program;
  // Of a process that is gone only the executable can speak.
  if (mapped.length === 0 && Object.keys(facts).length === 0) return undefined;
  return blindProgram(detectRuntime(exe, mapped, facts, root), facts);
}
