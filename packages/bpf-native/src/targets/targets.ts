// SPDX-License-Identifier: Apache-2.0

import { TargetError } from '../errors.js';
import type { NativeSession } from '../records/native-binding.js';
import { CGROUP_KEY, CGROUP_NAME, PROCESS_ENTRY } from '../records/record-layout.js';
import type { LivingTargets } from '../tls/file-users.js';
import { type CgroupId, cgroupProcesses, resolveCgroup } from './cgroup.js';
import { cgroupNamesOf, containerCgroups, containerHierarchies, isContainerId } from './container-cgroups.js';
import { processExists, processTree } from './proc.js';

/** A container, running or not, by the name that engines give to its cgroup. */
export interface ContainerTarget {
  /** The whole id. A cgroup of that name is a target from the moment when it is made: also after a restart. */
  readonly container: string;
  /** Its first process, when it runs: its cgroup is found by it. */
  readonly pid?: number;
  /**
   * Libraries and programs that it may use as soon as it starts, by their paths in the layers of its image. They may come
   * later than the rest. @default []
   */
  readonly files?: readonly string[] | Promise<readonly string[]>;
}

/** What to capture while it runs. A process is captured with everything that descends from it, from fork on. */
export type RunningTarget = { readonly pid: number } | { readonly cgroup: string } | ContainerTarget;

type Entry = { readonly id: number } & (
  | { readonly pid: number }
  | { readonly cgroup: CgroupId }
  | { readonly container: string; readonly cgroups: readonly CgroupId[] }
  | { readonly spawned: true }
);

/** Containers that were targets and are remembered. */
const MAX_RETIRED = 1024;

/** Keeps the kernel's sets of target processes and cgroups. The kernel follows forks, execs and exits by itself. */
export class TargetSet {
  readonly #session: NativeSession;
  readonly #ownPid: number;
  readonly #prepared = new Map<number, Entry>();
  readonly #entries = new Map<number, Entry>();
  /** By target, also of those that were removed not long ago: what the kernel sent of them may be read yet. */
  readonly #containers = new Map<number, string>();
  /** Targets whose command is about to be started. */
  readonly #starting = new Set<number>();
  readonly #retired: number[] = [];
  #nextId = 1;

  constructor(session: NativeSession, ownPid: number) {
    this.#session = session;
    this.#ownPid = ownPid;
  }

  /**
   * Nothing is captured yet. Returns the target's id and the processes that belong to it now.
   * @throws TargetError
   */
  prepare(target: RunningTarget): { readonly id: number; readonly pids: readonly number[] } {
    const entry = this.#toEntry(target);
    this.#prepared.set(entry.id, entry);
    return { id: entry.id, pids: [...this.#membersOf(entry)].filter((pid) => pid !== this.#ownPid) };
  }

  /**
   * Captures a target that was prepared, from now on. Returns the processes that belong to it now.
   * @throws TargetError
   */
  enroll(id: number): readonly number[] {
    const entry = this.#prepared.get(id);
    if (entry === undefined) return [];
    this.#prepared.delete(id);
    this.#entries.set(id, entry);
    this.#watch(entry);
    this.#publishCgroups();
    const pids = this.#enroll(entry);
    if (pids.length === 0 && 'pid' in entry) {
      this.#entries.delete(id);
      throw new TargetError('TARGET_NOT_FOUND', `There is no process ${entry.pid}.`);
    }
    return pids;
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
    if ('container' in entry) this.#retire(id);
    if ('cgroup' in entry || 'container' in entry) {
      this.#deleteAll('cgroup_names', id);
      this.#deleteAll('cgroup_targets', id);
      for (const other of this.#entries.values()) if (isSameGroup(entry, other)) this.#watch(other);
      this.#publishCgroups();
    }
    // A container that was added anew has given its processes to the new target.
    if (!this.#hasProcesses(id)) return;
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
      const value = entries[i + 1];
      const target = value === undefined ? 0 : targetOf(value);
      const pids = processes.get(target);
      const pid = entries[i]?.readUInt32LE(0) ?? 0;
      if (pids === undefined) processes.set(target, [pid]);
      else pids.push(pid);
    }
    const lasting = [...this.#entries.values()].filter(isLasting).map(({ id }) => id);
    return { processes, lasting: new Set([...lasting, ...this.#prepared.keys(), ...this.#starting]) };
  }

  /** The container that a target is. */
  containerOf(id: number): string | undefined {
    return this.#containers.get(id);
  }

  #retire(id: number): void {
    this.#retired.push(id);
    const oldest = this.#retired.length > MAX_RETIRED ? this.#retired.shift() : undefined;
    if (oldest !== undefined) this.#containers.delete(oldest);
  }

  #toEntry(target: RunningTarget): Entry {
    const id = this.#nextId++;
    if ('container' in target) {
      const { container, pid } = target;
      if (!isContainerId(container)) {
        throw new TargetError('TARGET_INVALID', `"${container}" is no id of a container.`, {
          hint: 'Give all of its 64 hexadecimal digits.',
        });
      }
      this.#containers.set(id, container);
      return { id, container, cgroups: containerCgroups(container, pid) };
    }
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
        this.#setProcess(pid, entry.id, isLasting(entry) ? PROCESS_ENTRY.byCgroup : 0);
        enrolled.add(pid);
      }
    }
    return [...enrolled];
  }

  #membersOf(entry: Entry): Iterable<number> {
    if ('pid' in entry) return processTree(entry.pid);
    if ('cgroup' in entry) return cgroupProcesses(entry.cgroup.path);
    if ('container' in entry) return entry.cgroups.flatMap(({ path }) => cgroupProcesses(path));
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

  #hasProcesses(id: number): boolean {
    return this.#session.mapEntries('processes').some((value, i) => i % 2 === 1 && targetOf(value) === id);
  }

  /** Tells the kernel which cgroups lead to a target. */
  #watch(entry: Entry): void {
    const value = u32(entry.id);
    // Names first: a cgroup that is made meanwhile is found by one or the other.
    const names = 'container' in entry ? cgroupNamesOf(entry.container) : [];
    for (const name of names) this.#session.mapSet('cgroup_names', cgroupName(name), value);
    const cgroups = 'cgroup' in entry ? [entry.cgroup] : 'container' in entry ? entry.cgroups : [];
    for (const cgroup of cgroups) this.#session.mapSet('cgroup_targets', cgroupKey(cgroup), value);
  }

  /** What leads to a target: the kernel adds cgroups by itself, and a name may lead to another target by now. */
  #deleteAll(map: 'cgroup_names' | 'cgroup_targets', id: number): void {
    const entries = this.#session.mapEntries(map);
    for (let i = 0; i + 1 < entries.length; i += 2) {
      const key = entries[i];
      if (key && entries[i + 1]?.readUInt32LE(0) === id) this.#session.mapDelete(map, key);
    }
  }

  #publishCgroups(): void {
    const lasting = [...this.#entries.values()].filter(isLasting);
    const hierarchies = lasting.flatMap((entry) => ('cgroup' in entry ? [entry.cgroup.hierarchy] : []));
    if (lasting.some((entry) => 'container' in entry)) hierarchies.push(...containerHierarchies());
    this.#session.setCgroups(lasting.length, [...new Set(hierarchies)]);
  }
}

/** Goes on when it has no process. */
function isLasting(entry: Entry): boolean {
  return 'cgroup' in entry || 'container' in entry;
}

function isSameGroup(a: Entry, b: Entry): boolean {
  if ('container' in a) return 'container' in b && a.container === b.container;
  return 'cgroup' in a && 'cgroup' in b && a.cgroup.path === b.cgroup.path;
}

function cgroupKey(cgroup: CgroupId): Buffer {
  const key = Buffer.alloc(CGROUP_KEY.bytes);
  key.writeBigUInt64LE(cgroup.id, CGROUP_KEY.id);
  key.writeUInt32LE(cgroup.hierarchy, CGROUP_KEY.hierarchy);
  return key;
}

function cgroupName(name: string): Buffer {
  const key = Buffer.alloc(CGROUP_NAME.bytes);
  key.write(name, CGROUP_NAME.text);
  return key;
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32LE(value);
  return buffer;
}

/** Of a value of the map `processes`. */
function targetOf(value: Buffer): number {
  return value.readUInt32LE(PROCESS_ENTRY.target);
}
