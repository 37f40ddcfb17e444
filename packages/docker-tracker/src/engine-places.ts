// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Where an engine may listen. */
export interface EnginePlace {
  /** `unix:///path` or `tcp://host:port`. */
  readonly host: string;
  /** What names it, such as `DOCKER_HOST`. */
  readonly foundBy: string;
  /** Somebody asked for it: when it does not answer, no other place is tried. */
  readonly isChosen: boolean;
  /** Directory of ca.pem, cert.pem and key.pem, for `tcp:`. */
  readonly certificates?: string;
}

/** What decides where an engine is looked for. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  readonly uid: number;
}

/**
 * Places in the order in which the docker command looks: DOCKER_HOST, DOCKER_CONTEXT or the current context, the default
 * socket; then where rootless engines and Podman listen. Under sudo the sockets of the user who called it count too.
 */
export function enginePlaces(host: string | undefined, { env, home, uid }: Surroundings): readonly EnginePlace[] {
  const certificates = env['DOCKER_CERT_PATH'] ?? (env['DOCKER_TLS_VERIFY'] ? join(home, '.docker') : undefined);
  const chosen = (place: string, foundBy: string): EnginePlace => ({
    ...{ host: place, foundBy, isChosen: true },
    ...(certificates === undefined ? {} : { certificates }),
  });
  if (host !== undefined) return [chosen(host, 'the option host')];
  const fromEnvironment = env['DOCKER_HOST'];
  if (fromEnvironment) return [chosen(fromEnvironment, 'DOCKER_HOST')];
  const context = currentContext(env, home);
  if (context !== undefined) return [context];
  const places = ['/var/run/docker.sock', '/run/podman/podman.sock'];
  for (const user of new Set([env['SUDO_UID'], String(uid)])) {
    const runtime = user === String(uid) ? (env['XDG_RUNTIME_DIR'] ?? `/run/user/${user}`) : `/run/user/${user}`;
    if (user !== undefined) places.push(join(runtime, 'docker.sock'), join(runtime, 'podman/podman.sock'));
  }
  places.push(join(home, '.docker/run/docker.sock'), join(home, '.docker/desktop/docker.sock'));
  return places.map((path) => ({ host: `unix://${path}`, foundBy: 'its usual place', isChosen: false }));
}

/** Of `docker context use`: contexts are kept by the hash of their name (github.com/docker/cli, cli/context/store). */
function currentContext(env: Surroundings['env'], home: string): EnginePlace | undefined {
  const directory = env['DOCKER_CONFIG'] ?? join(home, '.docker');
  const name = env['DOCKER_CONTEXT'] || member(readJson(join(directory, 'config.json')), 'currentContext');
  if (typeof name !== 'string' || name === '' || name === 'default') return undefined;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readJson(join(directory, 'contexts/meta', id, 'meta.json'));
  const host = member(member(member(meta, 'Endpoints'), 'docker'), 'Host');
  const foundBy = `the Docker context ${name}`;
  // Without a description it cannot answer, which is then said of it.
  if (typeof host !== 'string') return { host: '', foundBy, isChosen: true };
  return { host, foundBy, isChosen: true, certificates: join(directory, 'contexts/tls', id, 'docker') };
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined; // there is none
  }
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined;
}
