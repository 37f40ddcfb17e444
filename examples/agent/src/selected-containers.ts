// SPDX-License-Identifier: Apache-2.0
import type { ContainerCapture, DockerTracker } from '@flowtap/docker-tracker';
import type { ContainerControl, ReportedContainer } from '@flowtap/grpc-exporter';
import type { Notices } from './notices.js';
import { failureMessage } from './report-failure.js';

/** Does what a server asks, one thing after the other: its last word is what counts in the end. */
export class SelectedContainers implements ContainerControl {
  readonly #tracker: DockerTracker;
  readonly #capture: ContainerCapture;
  readonly #notices: Notices;
  #work: Promise<void>;
  #latest: readonly string[] = [];
  #told = '';

  /** @param ready resolves when the capture can be told what to capture */
  constructor(tracker: DockerTracker, capture: ContainerCapture, ready: Promise<void>, notices: Notices) {
    this.#tracker = tracker;
    this.#capture = capture;
    this.#notices = notices;
    this.#work = ready;
    // One that was asked for before the engine told of it.
    tracker.on('container:create', () => this.#tell());
  }

  readonly containers = (): readonly ReportedContainer[] => this.#tracker.list();

  readonly select = (ids: readonly string[]): void => {
    this.#latest = ids;
    this.#work = this.#work.then(() => this.#apply(ids));
  };

  async #apply(ids: readonly string[]): Promise<void> {
    if (ids !== this.#latest) return;
    try {
      await this.#capture.select(ids.map((id) => ({ id })));
      this.#tell();
    } catch (error) {
      this.#notices.say(failureMessage(error));
    }
  }

  /** Says what is captured, where that has changed. */
  #tell(): void {
    const names = this.#capture.containers.map(({ name }) => name).sort();
    const text = names.length === 0 ? 'capturing no container' : `capturing ${names.join(', ')}`;
    if (text === this.#told) return;
    this.#told = text;
    this.#notices.say(text);
  }
}
