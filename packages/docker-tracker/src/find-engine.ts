// SPDX-License-Identifier: Apache-2.0
import { DockerClient } from './docker-client.js';
import type { DockerTrackerOptions } from './docker-tracker-options.js';
import type { Engine } from './engine.js';

/**
 * The engine that a tracker with these options would follow.
 *
 * @throws DockerError which tells the places that were tried.
 */
export async function findEngine({ host }: Pick<DockerTrackerOptions, 'host'> = {}): Promise<Engine> {
  return (await DockerClient.find(host)).engine;
}
