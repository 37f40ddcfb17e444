// SPDX-License-Identifier: Apache-2.0
import { setTimeout as sleep } from 'node:timers/promises';
import { type Flow, type FlowDescription, type Logger, StateError, silentLogger } from '@flowtap/core';
import { EventEmitter } from 'eventemitter3';
import { Backoff } from './backoff.js';
import { type Container, isLive } from './container.js';
import { ContainerTable } from './container-table.js';
import { describeContainer, isSame, stopped } from './describe-container.js';
import { DockerClient } from './docker-client.js';
import type { DockerTrackerEvents } from './docker-tracker-events.js';
import type { DockerTrackerOptions } from './docker-tracker-options.js';
import type { Engine } from './engine.js';
import { type EngineEvent, followEvents, labelsOf } from './engine-event.js';
import { FlowDescriber } from './flow-describer.js';
import { ImageFiles } from './image-files.js';
import { containerIdsOf } from './own-container.js';

/** Questions to the engine at a time. */
const MAX_REQUESTS = 8;

/**
 * Knows the containers of an engine and follows them by the engine's events, without polling. It outlives a restart of
 * the engine.
 *
 * @example
 * const tracker = new DockerTracker();
 * tracker.on('container:start', ({ name, image }) => console.log(name, image));
 * await tracker.start();
 */
export class DockerTracker extends EventEmitter<DockerTrackerEvents> {
  readonly #options: DockerTrackerOptions;
  readonly #logger: Logger;
  readonly #table = new ContainerTable();
  readonly #describer: FlowDescriber;
  readonly #images = new ImageFiles();
  /** What is being done about a container: its events are dealt with in their order. */
  readonly #work = new Map<string, Promise<void>>();
  readonly #stopping = new AbortController();
  #client: DockerClient | undefined;
  #isStarted = false;
  #following: Promise<void> = Promise.resolve();

  constructor(options: DockerTrackerOptions = {}) {
    super();
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
    this.#describer = new FlowDescriber(this.#table, options.labels ?? false, (pid) => this.byPid(pid));
  }

  /** @throws StateError before `start()` */
  get engine(): Engine {
    if (!this.#client) throw new StateError('STATE_NOT_STARTED', 'The engine is known from start() on.');
    return this.#client.engine;
  }

  /**
   * Finds the engine and lists its containers; resolves when that is done and events are followed. No events are emitted
   * for containers that are there already.
   *
   * @throws DockerError
   * @throws StateError
   */
  async start(): Promise<void> {
    if (this.#isStarted) throw new StateError('STATE_STARTED', 'This tracker was started already.');
    this.#isStarted = true;
    this.#following = this.#follow(await this.#connect(true));
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#following;
    await Promise.all(this.#work.values());
  }

  /** Containers that have processes; with `all`, also those that are made and not started, or have ended. */
  list({ all = false }: { readonly all?: boolean } = {}): readonly Container[] {
    return all ? this.#table.all() : this.#table.all().filter(isLive);
  }

  /** The container that a process of this machine runs in. In a container inside of a container it is the outer one. */
  byPid(pid: number): Container | undefined {
    const ids = containerIdsOf(pid);
    return ids.map((id) => this.#table.get(id)).findLast((container) => container !== undefined);
  }

  /** The container that has an IP address, or had it last. */
  byAddress(address: string): Container | undefined {
    return this.#table.ownerOf(address);
  }

  /** For the tap's option `describe`. */
  readonly describe = (flow: Flow): FlowDescription | undefined => this.#describer.describe(flow);

  /**
   * Files in the layers of a container's image that it may use as soon as it starts: TLS libraries and the programs that
   * its command names. Empty where the engine does not tell its layers.
   */
  async filesOf(id: string): Promise<readonly string[]> {
    const client = this.#client;
    if (client === undefined) return [];
    try {
      const started = await client.commandOf(id);
      if (started === undefined) return [];
      return await this.#images.filesOf({ ...(await client.image(started.imageId)), command: started.command });
    } catch (error) {
      this.#report(error);
      return [];
    }
  }

  /** Resolves when everything is known that there is now. */
  async #connect(isFirst: boolean): Promise<{ readonly ended: Promise<Error> }> {
    const client = await DockerClient.find(this.#options.host);
    this.#client = client;
    const stream = await client.events();
    const { signal } = this.#stopping;
    const abort = () => stream.destroy();
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    // What happens while the list is on its way waits for it.
    const waiting: EngineEvent[] = [];
    let isListed = false;
    const ended = followEvents(stream, (event) => {
      if (isListed) this.#enqueue(event);
      else waiting.push(event);
    }).finally(() => signal.removeEventListener('abort', abort));
    try {
      await this.#list(client, isFirst);
    } catch (error) {
      stream.destroy();
      throw error;
    }
    isListed = true;
    for (const event of waiting) this.#enqueue(event);
    return { ended };
  }

  async #follow(first: { readonly ended: Promise<Error> }): Promise<void> {
    const backoff = new Backoff();
    const { signal } = this.#stopping;
    let connection: { readonly ended: Promise<Error> } | undefined = first;
    while (!signal.aborted) {
      const reason = await connection?.ended;
      if (signal.aborted) return;
      if (reason !== undefined) this.emit('disconnected', reason);
      connection = undefined;
      await sleep(backoff.nextMs(), undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      try {
        connection = await this.#connect(false);
        backoff.reset();
        if (!signal.aborted) this.emit('connected');
      } catch (error) {
        this.#logger.debug(`the engine is still away: ${(error as Error).message}`);
      }
    }
  }

  /** Takes over what the engine has now and tells what differs, unless it is the first time. */
  async #list(client: DockerClient, isFirst: boolean): Promise<void> {
    const listed = await client.list();
    const present = new Map<string, Container>();
    const queue = [...listed];
    const inspectNext = async (): Promise<void> => {
      for (let container = queue.pop(); container !== undefined; container = queue.pop()) {
        // Only those that run have something that the list does not tell: a process.
        const whole = isLive(container) ? await client.inspect(container.id) : container;
        if (whole !== undefined) present.set(whole.id, whole);
      }
    };
    await Promise.all(Array.from({ length: MAX_REQUESTS }, inspectNext));
    for (const { id } of this.#table.all()) if (!present.has(id)) this.#gone(id);
    for (const container of present.values()) this.#now(container, isFirst);
  }

  /** A container as it was found; the events that led there were missed. */
  #now(container: Container, isFirst: boolean): void {
    const before = this.#table.get(container.id);
    this.#table.put(container);
    if (isFirst) return;
    if (before === undefined) this.emit('container:create', container);
    const hasRestarted = before !== undefined && isLive(before) && before.pid !== container.pid;
    if (before !== undefined && isLive(before) && (hasRestarted || !isLive(container))) {
      this.emit('container:stop', stopped(before));
    }
    if (isLive(container) && (before === undefined || !isLive(before) || hasRestarted)) {
      this.emit('container:start', container);
    } else if (before !== undefined && isLive(container) && !isSame(before, container)) {
      this.emit('container:update', container);
    }
  }

  #enqueue(event: EngineEvent): void {
    const { containerId } = event;
    const before = this.#work.get(containerId);
    // At once where nothing is under way: what is made may start in a moment.
    const work = (before === undefined ? this.#apply(event) : before.then(() => this.#apply(event)))
      .catch((error: unknown) => this.#report(error))
      .finally(() => {
        if (this.#work.get(containerId) === work) this.#work.delete(containerId);
      });
    this.#work.set(containerId, work);
  }

  async #apply(event: EngineEvent): Promise<void> {
    const { action, containerId: id, attributes } = event;
    const known = this.#table.get(id);
    switch (action) {
      case 'create':
        if (known === undefined) this.#created(event);
        return;
      case 'start':
        return this.#started(id);
      case 'die':
      case 'died': // Podman
        if (known === undefined || !isLive(known)) return;
        this.#put('container:stop', stopped(known));
        return;
      case 'pause':
      case 'unpause':
        if (known !== undefined)
          this.#put('container:update', { ...known, status: action === 'pause' ? 'paused' : 'running' });
        return;
      case 'rename':
        if (known !== undefined && attributes['name'] !== undefined)
          this.#put('container:update', { ...known, name: attributes['name'].replace(/^\//, '') });
        return;
      case 'connect':
        if (known === undefined) return;
        if (isLive(known)) await this.#refresh(id, known);
        else await this.#joining(event, known);
        return;
      case 'disconnect':
      case 'update':
        if (known !== undefined && isLive(known)) await this.#refresh(id, known);
        return;
      case 'destroy':
      case 'remove': // Podman
        this.#gone(id);
        return;
    }
  }

  /** From the event alone: asking the engine would take the time in which it may start. */
  #created(event: EngineEvent): void {
    const { containerId: id, attributes } = event;
    const { name = id.slice(0, 12), image = '' } = attributes;
    this.#put('container:create', describeContainer({ id, name, image, labels: labelsOf(event), status: 'created' }));
  }

  /** While it starts the engine answers no question about the container, but it does about its network. */
  async #joining({ networkId = '' }: EngineEvent, known: Container): Promise<void> {
    const joined = (await this.#client?.addressesIn(networkId, known.id)) ?? [];
    const addresses = [...new Set([...known.addresses, ...joined])];
    if (addresses.length > known.addresses.length) this.#put('container:update', { ...known, addresses });
  }

  async #started(id: string): Promise<void> {
    const before = this.#table.get(id);
    // It ran already when the list was made.
    if (before !== undefined && isLive(before)) return;
    const container = (await this.#client?.inspect(id)) ?? before;
    if (container === undefined) return;
    // One that has ended meanwhile is told of as one that was started, and its end follows.
    this.#put('container:start', isLive(container) ? container : { ...container, status: 'running' });
  }

  async #refresh(id: string, known: Container): Promise<void> {
    const container = await this.#client?.inspect(id);
    if (container !== undefined && !isSame(container, known)) this.#put('container:update', container);
  }

  #put(
    event: 'container:create' | 'container:start' | 'container:stop' | 'container:update',
    container: Container,
  ): void {
    this.#table.put(container);
    this.emit(event, container);
  }

  #gone(id: string): void {
    const container = this.#table.remove(id);
    if (container === undefined) return;
    if (isLive(container)) this.emit('container:stop', stopped(container));
    this.emit('container:remove', isLive(container) ? stopped(container) : container);
  }

  #report(error: unknown): void {
    const { message } = error as Error;
    if (this.#stopping.signal.aborted) return;
    this.#logger.warn(message);
    this.emit('error', error as Error);
  }
}
