// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '@flowtap/core';
import { EventEmitter } from 'eventemitter3';
import type { Container } from './container.js';
import type { DockerTrackerOptions } from './docker-tracker-options.js';

export interface DockerTrackerEvents {
  /** Made and not started: it has no process and no cgroup yet. */
  'container:create': [container: Container];
  'container:start': [container: Container];
  /** Its last process ended, or it was removed; `status` tells. */
  'container:stop': [container: Container];
  /** Renamed, paused, unpaused, or on other networks. */
  'container:update': [container: Container];
  /** Gone for good. */
  'container:remove': [container: Container];
  /** The engine's event stream broke off, as when it restarts; tracking goes on as soon as it answers again. */
  disconnected: [reason: Error];
  /** The event stream is there (again) and `list()` is up to date. */
  connected: [];
  /** Something that tracking cannot get over by itself. */
  error: [error: Error];
}

/** Which engine answers, and how it was found. */
export interface Engine {
  /** `docker` or `podman`. */
  readonly kind: 'docker' | 'podman';
  /** As in `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** What named that place, such as `DOCKER_HOST`. */
  readonly foundBy: string;
  readonly version: string;
  /** That both sides understand, such as `1.41`. */
  readonly apiVersion: string;
}

/** What is known of a flow's containers: the result of `DockerTracker.describe`. */
export interface FlowContainers {
  /** That the observed process runs in. */
  readonly container?: {
    readonly id: string;
    readonly name: string;
    readonly image: string;
    /** With the option `labels`. */
    readonly labels?: Readonly<Record<string, string>>;
  };
  /** Names of the containers that the addresses belong to. */
  readonly source?: string;
  readonly destination?: string;
}

/**
 * Knows the containers of an engine and follows them by the engine's events, without polling. It outlives a restart of
 * the engine.
 *
 * @example
 * const tracker = new DockerTracker();
 * tracker.on('container:start', ({ name, image }) => console.log(name, image));
 * await tracker.start();
 */
export declare class DockerTracker extends EventEmitter<DockerTrackerEvents> {
  constructor(options?: DockerTrackerOptions);
  /** @throws StateError before `start()` */
  get engine(): Engine;
  /**
   * Finds the engine and lists its containers; resolves when that is done and events are followed.
   * @throws DockerError
   * @throws StateError
   */
  start(): Promise<void>;
  /** Idempotent. */
  stop(): Promise<void>;
  /** Containers that have processes; with `all`, also those that are made and not started, or have ended. */
  list(options?: { readonly all?: boolean }): readonly Container[];
  /** The container that a process runs in, nested ones included. */
  byPid(pid: number): Container | undefined;
  /** The running container that an IP address belongs to. */
  byAddress(address: string): Container | undefined;
  /** For the tap's option `describe`. */
  readonly describe: (flow: Flow) => FlowContainers | undefined;
}
