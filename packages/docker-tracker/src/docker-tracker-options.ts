// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@flowtap/core';

export interface DockerTrackerOptions {
  /**
   * Where the engine listens: `unix:///var/run/docker.sock` or `tcp://host:port`. @default the first that answers of
   * DOCKER_HOST, the Docker context in use, and the usual sockets of Docker, rootless Docker and Podman
   */
  readonly host?: string;
  /** Whether descriptions of flows have the container's labels. @default false */
  readonly labels?: boolean;
  /** @default silent */
  readonly logger?: Logger;
}
