// SPDX-License-Identifier: Apache-2.0

/** Which engine answers, and how it was found. */
export interface Engine {
  readonly kind: 'docker' | 'podman';
  /** As in `unix:///var/run/docker.sock`. */
  readonly host: string;
  /** What named that place, such as `DOCKER_HOST`. */
  readonly foundBy: string;
  readonly version: string;
  /** That both sides understand, such as `1.41`. */
  readonly apiVersion: string;
}

/** The newest version of the engine's API that this package was written for, and the oldest that has what it needs. */
const NEWEST_API = '1.43';
const OLDEST_API = '1.24';

/** `undefined`: there is no version that both understand. */
export function negotiateApiVersion(newest: string, oldest: string = OLDEST_API): string | undefined {
  const version = isOlder(newest, NEWEST_API) ? newest : NEWEST_API;
  if (isOlder(version, OLDEST_API) || isOlder(version, oldest)) return undefined;
  return version;
}

function isOlder(version: string, other: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
