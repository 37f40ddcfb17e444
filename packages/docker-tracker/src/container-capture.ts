// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@flowtap/core';
import type { Container } from './container.js';
import type { DockerTracker } from './docker-tracker.js';
import type { ContainerSelection } from './selection.js';

/** What to capture of a container: a target of `BpfSource.addTarget`. */
export interface ContainerTarget {
  /** Whole id: cgroups with that name, those that there are and those that will be. */
  readonly container: string;
  /** Its first process, when it runs. */
  readonly pid?: number;
  /** Libraries and programs that it may use as soon as it starts, by their paths on this machine. */
  readonly files?: readonly string[];
}

/** A source that targets can be added to, such as `BpfSource`. */
export interface TargetHost {
  addTarget(target: ContainerTarget): Promise<{ remove(): Promise<void> }>;
}

/**
 * Keeps a running source's targets in step with the containers that a selection means: also those that start later, and
 * those that restart, from their first instruction on.
 */
export declare class ContainerCapture {
  constructor(tracker: DockerTracker, source: TargetHost, options?: { readonly logger?: Logger });
  /** Containers that are captured now, running or about to run. */
  get containers(): readonly Container[];
  /**
   * Replaces what is captured. Containers that stay selected are captured without a break. Resolves when all that run
   * now are captured. An empty list captures nothing.
   */
  select(selections: readonly ContainerSelection[]): Promise<void>;
  /** Follows no more; the targets are let go. Idempotent. */
  stop(): Promise<void>;
}
