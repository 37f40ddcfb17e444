// SPDX-License-Identifier: Apache-2.0
import { FlowtapError, type FlowtapErrorOptions } from '@flowtap/core';

export type DockerErrorCode =
  /** No engine answers at any of the places where one may listen. */
  | 'DOCKER_UNREACHABLE'
  /** There is an engine, and this user may not talk to it. */
  | 'DOCKER_PERMISSION'
  /** The engine refused a request or answered with something unexpected. */
  | 'DOCKER_API';

/** The container engine cannot be used. */
export class DockerError extends FlowtapError {
  declare readonly code: DockerErrorCode;

  constructor(code: DockerErrorCode, message: string, options?: FlowtapErrorOptions) {
    super(code, message, options);
  }
}
