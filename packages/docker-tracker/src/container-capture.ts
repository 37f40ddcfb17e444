// SPDX-License-Identifier: Apache-2.0
import { type Logger, silentLogger } from '@flowtap/core';
import { type Container, isLive } from './container.js';
import type { DockerTracker } from './docker-tracker.js';
import type { DockerTrackerEvents } from './docker-tracker-events.js';
import { ownContainerId } from './own-container.js';
import { type ContainerSelection, isSelected } from './selection.js';

/** What to capture of a container: a target of `BpfSource.addTarget`. */
export interface ContainerTarget {
  /** Whole id: cgroups with that name, those that there are and those that will be. */
  readonly container: string;
  /** Its first process, when it runs. */
  readonly pid?: number;
  /** Libraries and programs that it may use as soon as it starts, by their paths in the layers of its image. */
  readonly files?: Promise<readonly string[]>;
}

/** A source that targets can be added to, such as `BpfSource`. */
export interface TargetHost {
  addTarget(target: ContainerTarget): Promise<{ remove(): Promise<void> }>;
}

interface Captured {
  /** What was added last, and is to be removed when it is replaced or let go. */
  handle: { remove(): Promise<void> } | undefined;
  /** Additions and removals of one container, one after the other. */
  work: Promise<void>;
  /** Shared by all additions: the layers of a container do not change but for the uppermost one. */
  readonly files: Promise<readonly string[]>;
}

/**
 * Keeps a running source's targets in step with the containers that a selection means: also those that start later, and
 * those that restart, from their first instruction on.
 *
 * @example
 * const capture = new ContainerCapture(tracker, source);
 * await capture.select([{ name: 'web' }, { composeProject: 'shop' }]);
 */
export class ContainerCapture {
  readonly #tracker: DockerTracker;
  readonly #source: TargetHost;
  readonly #logger: Logger;
  readonly #ownId = ownContainerId();
  readonly #captured = new Map<string, Captured>();
  #selections: readonly ContainerSelection[] = [];
  #isStopped = false;

  /** @param tracker that was started, as the source must have been when `select` is called. */
  constructor(tracker: DockerTracker, source: TargetHost, options: { readonly logger?: Logger } = {}) {
    this.#tracker = tracker;
    this.#source = source;
    this.#logger = options.logger ?? silentLogger;
    for (const [event, listener] of this.#listeners) tracker.on(event, listener);
  }

  /** Containers that are captured now; those that do not run are as soon as they start. */
  get containers(): readonly Container[] {
    return this.#tracker.list({ all: true }).filter(({ id }) => this.#captured.has(id));
  }

  /**
   * Replaces what is captured. Containers that stay selected are captured without a break. Resolves when all that run
   * now are captured. An empty list captures nothing.
   */
  async select(selections: readonly ContainerSelection[]): Promise<void> {
    this.#selections = selections;
    const containers = this.#tracker.list({ all: true });
    const removed = [...this.#captured.keys()].filter((id) => !containers.some((each) => each.id === id));
    const works = [...removed.map((id) => this.#remove(id)), ...containers.map((each) => this.#review(each))];
    const live = containers.filter((each) => isLive(each) && this.#isSelected(each));
    const urgent = [
      ...live.map(({ id }) => this.#captured.get(id)?.work),
      ...works.filter((work) => work !== undefined),
    ];
    await Promise.all(urgent);
  }

  /** Follows no more; the targets are let go. Idempotent. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const [event, listener] of this.#listeners) this.#tracker.off(event, listener);
    await Promise.all([...this.#captured.keys()].map((id) => this.#remove(id)));
  }

  readonly #listeners: readonly (readonly [
    keyof DockerTrackerEvents & `container:${string}`,
    (container: Container) => void,
  ])[] = [
    ['container:create', (container) => void this.#review(container)],
    ['container:start', (container) => this.#started(container)],
    ['container:update', (container) => void this.#review(container)],
    ['container:remove', ({ id }) => void this.#remove(id)],
  ];

  #isSelected(container: Container): boolean {
    return isSelected(container, this.#selections, this.#ownId);
  }

  /** What is to be done so that it is captured, or not, as it is selected, or not. A removal is worth waiting for. */
  #review(container: Container): Promise<void> | undefined {
    const isWanted = this.#isSelected(container) && !this.#isStopped;
    if (isWanted && !this.#captured.has(container.id)) this.#add(container);
    if (!isWanted) return this.#remove(container.id);
    return undefined;
  }

  #started(container: Container): void {
    const wasCaptured = this.#captured.has(container.id);
    void this.#review(container);
    // The kernel knows its cgroup since it was made, if the engine's word came in time. Added anew it is captured from
    // now on at the latest.
    if (wasCaptured && this.#captured.has(container.id)) this.#add(container);
  }

  #add({ id, pid }: Container): void {
    let captured = this.#captured.get(id);
    if (captured === undefined) {
      captured = { handle: undefined, work: Promise.resolve(), files: this.#tracker.filesOf(id) };
      this.#captured.set(id, captured);
    }
    const { files } = captured;
    const add = this.#source.addTarget({ container: id, files, ...(pid === undefined ? {} : { pid }) });
    add.catch(() => undefined); // told of below, when its turn comes
    this.#then(id, captured, async (entry) => {
      const previous = entry.handle;
      entry.handle = await add;
      await previous?.remove();
    });
  }

  #remove(id: string): Promise<void> | undefined {
    const captured = this.#captured.get(id);
    if (captured === undefined) return undefined;
    this.#captured.delete(id);
    this.#then(id, captured, async (entry) => {
      await entry.handle?.remove();
      entry.handle = undefined;
    });
    return captured.work;
  }

  #then(id: string, entry: Captured, step: (entry: Captured) => Promise<void>): void {
    entry.work = entry.work
      .then(() => step(entry))
      .catch((error: Error) => {
        if (!this.#isStopped) this.#logger.warn(`cannot capture container ${id.slice(0, 12)}: ${error.message}`);
      });
  }
}
