// SPDX-License-Identifier: Apache-2.0
import type { DockerTracker } from '@flowtap/docker-tracker';
import { type Notices, noticeLogger } from './notices.js';
import type { EngineOptions } from './options/container-options.js';

/**
 * Follows the containers of the engine that the options name, or else of the one that is found.
 *
 * @throws DockerError when no engine answers.
 */
export async function openTracker(options: EngineOptions, notices: Notices): Promise<DockerTracker> {
  // Loaded on demand: most runs have no use for it.
  const { DockerTracker } = await import('@flowtap/docker-tracker');
  const { dockerHost, containerLabels = false } = options;
  const tracker = new DockerTracker({
    labels: containerLabels,
    logger: noticeLogger(notices),
    ...(dockerHost === undefined ? {} : { host: dockerHost }),
  });
  tracker.on('disconnected', () =>
    notices.say('the container engine is away; running containers stay captured, and tracking goes on when it is back'),
  );
  tracker.on('connected', () => notices.say('the container engine is back'));
  await tracker.start();
  return tracker;
}
