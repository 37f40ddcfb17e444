// SPDX-License-Identifier: Apache-2.0
import { type CgroupId, cgroupProcesses, resolveCgroup } from './cgroup.js';
import { TargetError } from './errors.js';
import type { LivingTargets } from './file-users.js';
import type { NativeSession } from './native-binding.js';
import { processExists, processTree } from './proc.js';
import { CGROUP_KEY, PROCESS_ENTRY } from './record-layout.js';

/** What to capture while it runs. A process is captured with everything that descends from it, from fork on. */
export type RunningTarget = { readonly pid: number } | { readonly cgroup: string };

type Entry = { readonly id: number } & (
  | { readonly pid: number }
  | { readonly cgroup: CgroupId }
  | { readonly spawned: true }
);

/** Keeps the kernel's sets of target processes and cgroups. The kernel follows forks, execs and exits by itself. */
export class TargetSet {
  readonly #session: NativeSession;
  readonly #ownPid: number;
  readonly #entries = new Map<number, Entry>();
  /** Targets whose command is about to be started. */
  readonly #starting = new Set<number>();
  #nextId = 1;

  constructor(session: NativeSession, ownPid: number) {
    this.#session = session;
    this.#ownPid = ownPid;
  }

  /**
   * Returns the target's id and the processes that belong to it now.
   * @throws TargetError
   */
  add(target: RunningTarget): { readonly id: number; readonly pids: readonly number[] } {
    const entry = this.#toEntry(target);
    this.#entries.set(entry.id, entry);
    if ('cgroup' in entry) this.#setCgroup(entry.cgroup, entry.id);
    const pids = this.#enroll(entry);
    if (pids.length === 0 && 'pid' in entry) {
      this.#entries.delete(entry.id);
      throw new TargetError('TARGET_NOT_FOUND', `There is no process ${entry.pid}.`);
    }
    return { id: entry.id, pids };
  }

  /** A target for children that are about to be started. */
  addSpawned(): number {
    const id = this.#nextId++;
    this.#entries.set(id, { id, spawned: true });
    this.#starting.add(id);
    return id;
  }

  /** Its command runs, or could not be started. */
  spawned(id: number): void {
    this.#starting.delete(id);
  }

  remove(id: number): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#entries.delete(id);
    if ('cgroup' in entry) this.#deleteCgroup(entry.cgroup);
    // Processes that another target covers too stay: they change hands before the rest is let go.
    for (const other of this.#entries.values()) this.#enroll(other);
    // A process may fork between being read and being deleted; its child then carries the id until the next pass.
    for (let passes = 0; passes < 10 && this.#release(id) > 0; passes++);
  }

  /** Processes of every target as the kernel has them now. */
  living(): LivingTargets {
    const processes = new Map<number, number[]>();
    const entries = this.#session.mapEntries('processes');
    for (let i = 0; i + 1 < entries.length; i += 2) {
      const target = entries[i + 1]?.readUInt32LE(PROCESS_ENTRY.target) ?? 0;
      const pids = processes.get(target);
      const pid = entries[i]?.readUInt32LE(0) ?? 0;
      if (pids === undefined) processes.set(target, [pid]);
      else pids.push(pid);
    }
    const lasting = [...this.#entries.values()].filter((entry) => 'cgroup' in entry).map(({ id }) => id);
    return { processes, lasting: new Set([...lasting, ...this.#starting]) };
  }

  #toEntry(target: RunningTarget): Entry {
    const id = this.#nextId++;
    if ('cgroup' in target) return { id, cgroup: resolveCgroup(target.cgroup) };
    if (!Number.isInteger(target.pid) || target.pid <= 0) {
      throw new TargetError('TARGET_INVALID', `"${target.pid}" is no process id.`, {
        hint: 'Give a positive whole number.',
      });
    }
    if (target.pid === this.#ownPid) {
      throw new TargetError('TARGET_INVALID', `Process ${target.pid} is the capturing process itself.`, {
        hint: 'Its own output would be captured endlessly: give another process.',
      });
    }
    if (!processExists(target.pid)) throw new TargetError('TARGET_NOT_FOUND', `There is no process ${target.pid}.`);
    return { id, pid: target.pid };
  }

  /** Puts what runs now into the kernel's set; forks meanwhile are followed by the kernel, or found by the next pass. */
  #enroll(entry: Entry): number[] {
    const enrolled = new Set<number>();
    for (let before = -1; before !== enrolled.size; ) {
      before = enrolled.size;
      for (const pid of this.#membersOf(entry)) {
        if (pid === this.#ownPid || enrolled.has(pid)) continue;
        this.#setProcess(pid, entry.id, 'cgroup' in entry ? PROCESS_ENTRY.byCgroup : 0);
        enrolled.add(pid);
      }
    }
    return [...enrolled];
  }

  #membersOf(entry: Entry): Iterable<number> {
    if ('pid' in entry) return processTree(entry.pid);
    if ('cgroup' in entry) return cgroupProcesses(entry.cgroup.path);
    return [];
  }

  #release(id: number): number {
    let released = 0;
    const entries = this.#session.mapEntries('processes');
    for (let i = 0; i + 1 < entries.length; i += 2) {
      const key = entries[i];
      if (
        key &&
        entries[i + 1]?.readUInt32LE(PROCESS_ENTRY.target) === id &&
        this.#session.mapDelete('processes', key)
      ) {
        released += 1;
      }
    }
    return released;
  }

  #setProcess(pid: number, target: number, flags: number): void {
    const key = Buffer.alloc(4);
    key.writeUInt32LE(pid);
    const value = Buffer.alloc(PROCESS_ENTRY.bytes);
    value.writeUInt32LE(target, PROCESS_ENTRY.target);
    value.writeUInt32LE(flags, PROCESS_ENTRY.flags);
    this.#session.mapSet('processes', key, value);
  }

  #setCgroup(cgroup: CgroupId, target: number): void {
    const value = Buffer.alloc(4);
    value.writeUInt32LE(target);
    this.#session.mapSet('cgroup_targets', cgroupKey(cgroup), value);
    this.#publishCgroups();
  }

  #deleteCgroup(cgroup: CgroupId): void {
    this.#session.mapDelete('cgroup_targets', cgroupKey(cgroup));
    this.#publishCgroups();
  }

  #publishCgroups(): void {
    const cgroups = [...this.#entries.values()].flatMap((entry) => ('cgroup' in entry ? [entry.cgroup] : []));
    this.#session.setCgroups(cgroups.length, [...new Set(cgroups.map(({ hierarchy }) => hierarchy))]);
  }
}

function cgroupKey(cgroup: CgroupId): Buffer {
  const key = Buffer.alloc(CGROUP_KEY.bytes);
  key.writeBigUInt64LE(cgroup.id, CGROUP_KEY.id);
  key.writeUInt32LE(cgroup.hierarchy, CGROUP_KEY.hierarchy);
  return key;
}
