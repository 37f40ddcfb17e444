// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { type ClockBase, type EventSource, type EventSourceEvents, type Logger, StateError } from '@flowtap/core';
import { EventEmitter } from 'eventemitter3';
import { disassembler } from './elf/x86-code.js';
import { BpfError } from './errors.js';
import { attachBackend, type Backend } from './kernel/backend.js';
import { KernelPrograms } from './kernel/kernel-programs.js';
import { type BpfSourceOptions, type ResolvedOptions, resolveOptions, type Target } from './options.js';
import { BatchPacer } from './records/batch-pacer.js';
import { type ConnectionTotals, readConnections, unreadTotals } from './records/connection-totals.js';
import { LossReporter } from './records/loss-reporter.js';
import type { NativeSession } from './records/native-binding.js';
import { translating } from './records/native-errors.js';
import { RecordDecoder } from './records/record-decoder.js';
import { ProcessEvents } from './targets/process-events.js';
import { type SpawnOptions, spawnHeld } from './targets/spawn.js';
import { type ContainerTarget, TargetSet } from './targets/targets.js';
import { BlindSpotWatch } from './tls/blind-spot-watch.js';
import { PlansAhead } from './tls/plans-ahead.js';
import { TlsAttacher, type TlsLibrary } from './tls/tls-attacher.js';

/** Ends the capture of one target. */
export interface TargetHandle {
  /** Processes of the target when it was added. */
  readonly pids: readonly number[];
  /** Idempotent. Processes that another target covers go on being captured. */
  remove(): Promise<void>;
}

const LOSS_INTERVAL_MS = 1000;

type State = 'new' | 'starting' | 'running' | 'stopping' | 'stopped';

async function inspectFiles(tls: TlsAttacher, files: ContainerTarget['files'], target: number): Promise<void> {
  await tls.inspectLayerFiles((await files) ?? [], target);
}

/** Both clocks at one moment. bpf_ktime_get_ns() and hrtime are CLOCK_MONOTONIC. */
function readClock(): ClockBase {
  return { epochMs: performance.timeOrigin + performance.now(), monotonicNs: Number(process.hrtime.bigint()) };
}

/**
 * Captures the targets' socket and TLS calls by eBPF. Needs Linux 5.15 or newer and root, see `preflight()`.
 *
 * @example
 * const source = new BpfSource({ targets: [{ pid: 1234 }] });
 * source.on('data', (event) => console.log(event.pid, event.direction, event.length));
 * await source.start();
 */
export class BpfSource extends EventEmitter<EventSourceEvents> implements EventSource {
  readonly #options: ResolvedOptions;
  readonly #logger: Logger;
  readonly #losses = new LossReporter();
  readonly #pacer = new BatchPacer();
  readonly #processes: ProcessEvents;
  readonly #blindSpots = new BlindSpotWatch((pid, spot) => this.#processes.learned(pid, spot));
  #state: State = 'new';
  #loading: Promise<KernelPrograms> | undefined;
  #starting: Promise<void> | undefined;
  #stopping: Promise<void> | undefined;
  /** Work that uses the session: it ends before the session is closed. */
  readonly #pending = new Set<Promise<unknown>>();
  #session: NativeSession | undefined;
  #targets: TargetSet | undefined;
  #tls: TlsAttacher | undefined;
  #backend: Backend | undefined;
  #clock: ClockBase | undefined;
  #ownPid = 0;
  #lossTimer: NodeJS.Timeout | undefined;

  /** @throws ConfigError */
  constructor(options: BpfSourceOptions = {}) {
    super();
    this.#options = resolveOptions(options);
    this.#logger = this.#options.logger;
    this.#processes = new ProcessEvents((event) => this.emit('process', event));
  }

  get clock(): ClockBase {
    if (!this.#clock) throw new StateError('STATE_NOT_STARTED', 'The clock is known from start() on.');
    return this.#clock;
  }

  /** The back end in use. @throws StateError before `start()` */
  get backend(): Backend {
    if (!this.#backend) throw new StateError('STATE_NOT_STARTED', 'The back end is known from start() on.');
    return this.#backend;
  }

  /** Files with TLS functions that are probed now. */
  get tlsLibraries(): readonly TlsLibrary[] {
    return this.#tls?.libraries ?? [];
  }

  /** Commands among the targets that `start()` started, in order. */
  readonly children: ChildProcess[] = [];

  /**
   * Has the kernel verify the programs, which is most of what `start()` takes: who has other things to prepare can do so
   * meanwhile. Nothing is observed yet. Optional, and done once.
   *
   * @throws NativeLoadError, BpfError: what this machine lacks and what to do
   */
  async load(): Promise<void> {
    if (this.#state === 'new') this.#loading ??= KernelPrograms.load(this.#options);
    await this.#loading;
  }

  /**
   * @throws NativeLoadError, BpfError: what this machine lacks and what to do
   * @throws TargetError
   */
  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new StateError('STATE_ALREADY_STARTED', `The source is ${this.#state}.`, {
        hint: 'Make a new one to capture again.',
      });
    }
    this.#state = 'starting';
    this.#starting = this.#start();
    await this.#starting;
  }

  async #start(): Promise<void> {
    try {
      await translating(() => this.#open());
      this.#state = 'running';
      for (const target of this.#options.targets) await this.addTarget(target);
    } catch (error) {
      this.#session = undefined;
      await this.#tls?.stop();
      await this.#unload();
      this.#state = 'stopped';
      throw error;
    }
    this.#lossTimer = setInterval(() => this.#reportLosses(), LOSS_INTERVAL_MS);
    this.#lossTimer.unref();
  }

  /** Captures more. Resolves when the target's TLS libraries are probed. @throws TargetError, BpfError, StateError */
  async addTarget(target: Target): Promise<TargetHandle> {
    if ('command' in target) {
      const [command, ...args] = target.command;
      const child = await this.spawn(command, args);
      this.children.push(child);
      return { pids: child.pid === undefined ? [] : [child.pid], remove: () => Promise.resolve() };
    }
    const { targets, tls } = this.#running();
    const { id, pids: found } = await translating(async () => targets.prepare(target));
    const files = 'container' in target ? this.#track(inspectFiles(tls, target.files, id)) : undefined;
    // A container that does not run may start at any moment: it counts at once, and its files as soon as they are probed.
    if ('container' in target && found.length === 0) await translating(async () => targets.enroll(id));
    // Probes first: a connection in use would else be seen with its reads and without its writes for a moment, and its
    // next response be taken for the answer to the wrong request. The linker's cache is for children of the target,
    // which may live shorter than it takes to follow a library from its first mapping.
    const caches = [
      ...('container' in target ? [] : [tls.inspectLinkerCache(id)]),
      ...found.map((pid) => tls.inspectLinkerCache(id, pid)),
    ];
    await this.#track(Promise.all([...caches, ...found.map((pid) => tls.inspectProcess(pid, id))]));
    this.#running(); // stop() may have been called meanwhile
    const pids = await translating(async () => targets.enroll(id));
    for (const pid of pids) this.#processes.running(pid);
    // What they have started or mapped since.
    await this.#track(Promise.all([...pids.map((pid) => tls.inspectProcess(pid, id)), files]));
    return {
      pids,
      remove: () => {
        if (this.#state === 'running') {
          targets.remove(id);
          tls.usersChanged();
        }
        return Promise.resolve();
      },
    };
  }

  /**
   * Starts a command that is captured, with its descendants, from its first instruction on.
   * @returns the child, with stdin, stdout and stderr inherited unless `options.stdio` says otherwise
   * @throws what `child_process.spawn` reports: `code` is ENOENT, EACCES …
   */
  async spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): Promise<ChildProcess> {
    const { session, targets, tls } = this.#running();
    const target = targets.addSpawned();
    const start = async () => {
      // Probes are attached in other threads: the command is started meanwhile.
      const cached = this.#track(tls.inspectLinkerCache(target));
      const held = spawnHeld(session, this.#ownPid, target, command, args, options, async (pid) => {
        await Promise.all([cached, tls.inspectProcess(pid, target), this.#blindSpots.started(pid)]);
      });
      const [child] = await Promise.all([held, cached]);
      return child;
    };
    return this.#track(start().finally(() => targets.spawned(target)));
  }

  /** Events and bytes by cause, and how many records were sent: running totals. */
  counters(): Readonly<Record<string, number>> {
    if (this.#session) this.#reportLosses();
    return this.#losses.totals();
  }

  /** The targets' open connections with the bytes that passed since they were first seen. @throws StateError */
  connections(): readonly ConnectionTotals[] {
    return readConnections(this.#running().session);
  }

  paceBy(ready: () => Promise<void> | undefined): void {
    this.#pacer.paceBy(ready);
  }

  /**
   * From now on the captured programs come first: the calling thread, on which events are handled, runs on processors that
   * nobody else wants (SCHED_IDLE, sched(7)). While it cannot keep up that way it competes like any other, and comes before
   * others (nice -5) when the ring buffer threatens to fill. While it keeps up it also stays off the processor on which a
   * captured program was last seen, if it may run on another one. Processes that it starts inherit its place, so start
   * commands before. Ends with `stop()`.
   *
   * @returns false, and changes nothing, where the thread has a priority that was chosen for it or lacks CAP_SYS_NICE
   * @throws StateError when the source is not running
   */
  giveWay(): boolean {
    return this.#running().session.giveWay(true);
  }

  /** While the source gives way (`giveWay`) and events are behind: whoever waits for this thread's processor gets it first. */
  yieldProcessor(): void {
    this.#session?.yieldProcessor();
  }

  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    // Whoever called start() hears of its failure there.
    await this.#starting?.catch(() => undefined);
    const session = this.#session;
    this.#state = 'stopping';
    clearInterval(this.#lossTimer);
    if (session) {
      session.giveWay(false);
      session.quiesce();
      // Letting go of uprobes waits for the kernel: meanwhile everything else ends.
      void this.#track(this.#tls?.stop() ?? Promise.resolve());
      await session.detach(this.#links);
      await session.stop();
      // Nothing is read any more; the kernel's maps are still there.
      for (const event of unreadTotals(readConnections(session), Number(process.hrtime.bigint()))) {
        this.emit('connect', event);
      }
      this.#reportLosses();
      this.#session = undefined;
    }
    await this.#unload();
    this.#state = 'stopped';
    this.emit('end');
  }

  readonly #links: number[] = [];

  async #open(): Promise<void> {
    this.#loading ??= KernelPrograms.load(this.#options);
    // The kernel verifies in another thread. Probes must not wait for this then: a container starts in a tenth of a second.
    if (process.arch === 'x64') disassembler();
    const plans = new PlansAhead();
    plans.makeForLinkerCache();
    const programs = await this.#loading;
    const { session, backend } = programs;
    this.#session = session;
    this.#backend = backend;
    this.#ownPid = session.whoAmI() || process.pid;
    const targets = new TargetSet(session, this.#ownPid);
    this.#targets = targets;
    this.#tls = new TlsAttacher(programs, plans, this.#logger, () => targets.living());
    this.#clock = readClock();
    const decoder = this.#createDecoder(targets, this.#tls);
    session.start((batch, bytes) => {
      try {
        decoder.decode(batch, bytes);
      } finally {
        // Whatever a listener throws: the next batch comes.
        this.#pacer.schedule(() => session.release());
      }
    });
    this.#links.push(...(await attachBackend(session, backend)));
  }

  async #unload(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending);
    const programs = await this.#loading?.catch(() => undefined); // load() or start() has told
    await programs?.close();
  }

  #createDecoder(targets: TargetSet, tls: TlsAttacher): RecordDecoder {
    return new RecordDecoder({
      connect: (event) => {
        this.#processes.seen(event.pid, event.comm, event.timestampNs);
        this.emit('connect', event);
      },
      getsockname: (event) => this.emit('getsockname', event),
      data: (event) => {
        this.#processes.seen(event.pid, event.comm, event.timestampNs);
        if (event.encrypted) this.#blindSpots.encrypts(event.pid);
        this.emit('data', event);
      },
      close: (event) => this.emit('close', event),
      process: (record) => {
        this.#processes.record(record, targets.containerOf(record.target));
        this.#blindSpots.gone(record.pid);
        tls.usersChanged();
        if (record.action === 'exec') {
          this.#inBackground(tls.inspectProcess(record.pid, record.target, 'soon'));
          void this.#blindSpots.started(record.pid);
        }
      },
      map: (record) => this.#inBackground(tls.inspectMapping(record)),
      step: () => this.yieldProcessor(),
      invalid: (reason) => this.emit('error', new BpfError('BPF_MAP', `The kernel side sent a ${reason}.`)),
    });
  }

  #track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const end = () => this.#pending.delete(work);
    work.then(end, end);
    return work;
  }

  #inBackground(work: Promise<void>): void {
    this.#track(work).catch((error: Error) => this.#logger.warn(`cannot look for TLS libraries: ${error.message}`));
  }

  #reportLosses(): void {
    if (!this.#session) return;
    const lost = this.#losses.update(this.#session.counters(), Number(process.hrtime.bigint()));
    for (const event of lost) this.emit('lost', event);
  }

  #running(): { session: NativeSession; targets: TargetSet; tls: TlsAttacher } {
    if (this.#state !== 'running' || !this.#session || !this.#targets || !this.#tls) {
      throw new StateError('STATE_NOT_RUNNING', `The source is ${this.#state}.`, {
        hint: 'Call start() and wait for it first.',
      });
    }
    return { session: this.#session, targets: this.#targets, tls: this.#tls };
  }
}
