// SPDX-License-Identifier: Apache-2.0
import type { BpfSource } from '@flowtap/bpf-native';
import type { TapOptions } from '@flowtap/core';
import { openTracker } from './container-tracker.js';
import { type Notices, noticeLogger } from './notices.js';
import { type ContainerOptions, containerSelections } from './options/container-options.js';

/** The containers that the options mean, as targets of a capture. */
export interface ContainerTargets {
  readonly describe: NonNullable<TapOptions['describe']>;
  /** Resolves when all of them that run are captured. The source must have been started. */
  capture(source: BpfSource): Promise<void>;
  /** Those that are captured, for a person: `container web`, or what is waited for. */
  text(): string;
  stop(): Promise<void>;
}

/**
 * Undefined when the options mean no container: then no engine is asked for anything.
 *
 * @throws DockerError when no engine answers.
 */
export async function openContainerTargets(
  options: ContainerOptions,
  notices: Notices,
): Promise<ContainerTargets | undefined> {
  const selections = containerSelections(options);
  if (selections.length === 0) return undefined;
  const { ContainerCapture } = await import('@flowtap/docker-tracker');
  const tracker = await openTracker(options, notices);
  let stopCapture = async (): Promise<void> => {};
  return {
    describe: tracker.describe,
    async capture(source) {
      const containers = new ContainerCapture(tracker, source, { logger: noticeLogger(notices) });
      stopCapture = () => containers.stop();
      await containers.select(selections);
    },
    text() {
      const isRunning = (text: string) =>
        tracker.list().some(({ name, id }) => name === text || id.startsWith(text.toLowerCase()));
      const named = (options.container ?? []).map((text) =>
        isRunning(text) ? `container ${text}` : `container ${text} as soon as it runs`,
      );
      return [...named, ...groupTexts(options)].join(', ');
    },
    async stop() {
      await stopCapture();
      await tracker.stop();
    },
  };
}

function groupTexts({ image = [], label = [], compose = [], allContainers = false }: ContainerOptions): string[] {
  return [
    ...image.map((name) => `containers of image ${name}`),
    ...label.map((each) => `containers with label ${each.label}`),
    ...compose.map((name) => `containers of project ${name}`),
    ...(allContainers ? ['all containers'] : []),
  ];
}
