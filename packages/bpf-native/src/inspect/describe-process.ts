// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { TargetError } from '../errors.js';
import { distinctMappings, processExists, readComm, readExe } from '../targets/proc.js';
import { type BlindSpot, blindLibraries, blindProgram } from './blind-spots.js';
import { kernelBlindSpots } from './kernel-side.js';
import { programFacts } from './program-facts.js';
import { detectRuntime, type ProcessRuntime } from './runtime.js';
import { findTlsLibraries, type ProcessTlsLibrary } from './tls-in-process.js';

/** What a capture of a process can see, found without capturing. */
export interface ProcessDescription {
  readonly pid: number;
  readonly comm: string;
  /** Absent where it could not be read. */
  readonly exe?: string;
  readonly runtime: ProcessRuntime;
  /** Libraries whose plaintext can be read. Empty: TLS of this process stays encrypted, and `blindSpots` says why. */
  readonly tlsLibraries: readonly (ProcessTlsLibrary & {
    /** Processes, this one not counted, that have the same file mapped and pay for its probes during a capture. */
    readonly otherUsers: number;
  })[];
  readonly blindSpots: readonly BlindSpot[];
}

/**
 * Looks at a running process: its runtime, its TLS libraries, and what a capture of it would not see. Attaches nothing.
 *
 * @throws TargetError when there is no such process
 */
export async function describeProcess(pid: number): Promise<ProcessDescription> {
  if (!processExists(pid)) throw new TargetError('TARGET_NOT_FOUND', `There is no process ${pid}.`);
  const exe = readExe(pid);
  const mappings = distinctMappings(pid);
  const mapped = mappings.map(({ path }) => path);
  const facts = await programFacts(`/proc/${pid}/exe`);
  const runtime = detectRuntime(exe, mapped, facts, `/proc/${pid}/root`);
  const libraries = await findTlsLibraries(pid, exe, mappings);
  const blind = blindLibraries(mapped);
  const users = countUsers(pid, libraries);
  return {
    pid,
    comm: readComm(pid) ?? '',
    ...(exe === undefined ? {} : { exe }),
    runtime,
    tlsLibraries: libraries.map((library) => ({ ...library, otherUsers: users.get(library.inode) ?? 0 })),
    blindSpots: [
      ...blind,
      // A program with a library that can be read, or with a named one that cannot, needs no further explanation.
      ...(libraries.length + blind.length === 0 ? [blindProgram(runtime, facts)] : []),
      ...kernelBlindSpots(pid),
    ],
  };
}

/** How many other processes map each library, by inode and file name: inode numbers repeat between file systems. */
function countUsers(pid: number, libraries: readonly ProcessTlsLibrary[]): Map<number, number> {
  const users = new Map<number, number>();
  for (const entry of readdirSync('/proc')) {
    const other = Number(entry);
    if (!Number.isInteger(other) || other === pid) continue;
    let maps: string;
    try {
      maps = readFileSync(`/proc/${entry}/maps`, 'latin1');
    } catch {
      continue; // gone, or not ours to read
    }
    for (const { inode, path } of libraries) {
      const name = path.slice(path.lastIndexOf('/'));
      const isUser = maps.split('\n').some((line) => line.endsWith(name) && line.includes(` ${inode} `));
      if (isUser) users.set(inode, (users.get(inode) ?? 0) + 1);
    }
  }
  return users;
}
