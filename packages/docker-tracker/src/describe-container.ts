// SPDX-License-Identifier: Apache-2.0
import type { Container, ContainerStatus } from './container.js';

const STATUSES: readonly ContainerStatus[] = [
  ...(['created', 'running', 'paused', 'restarting', 'removing', 'exited', 'dead'] as const),
];

/** Docker's labels, and those of podman-compose. */
const PROJECT_LABELS = ['com.docker.compose.project', 'io.podman.compose.project'];
const SERVICE_LABELS = ['com.docker.compose.service', 'io.podman.compose.service'];

/** What the engine says of a container, from whatever answer of its API. */
export interface ContainerFacts {
  readonly id: string;
  readonly name: string;
  readonly image: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly status: string;
  /** 0: it does not run. */
  readonly pid?: number;
  readonly networks?: Readonly<Record<string, { readonly IPAddress?: string; readonly GlobalIPv6Address?: string }>>;
}

export function describeContainer({ id, name, image, labels, status, pid, networks }: ContainerFacts): Container {
  const addresses = Object.values(networks ?? {}).flatMap(({ IPAddress, GlobalIPv6Address }) => [
    ...(IPAddress ? [IPAddress] : []),
    ...(GlobalIPv6Address ? [GlobalIPv6Address] : []),
  ]);
  const composeProject = firstLabel(labels, PROJECT_LABELS);
  const composeService = firstLabel(labels, SERVICE_LABELS);
  return {
    id,
    name: name.replace(/^\//, ''),
    image,
    labels,
    status: STATUSES.find((known) => known === status) ?? (pid ? 'running' : 'exited'),
    ...(pid ? { pid } : {}),
    addresses: [...new Set(addresses)],
    ...(composeProject === undefined ? {} : { composeProject }),
    ...(composeService === undefined ? {} : { composeService }),
  };
}

function firstLabel(labels: Readonly<Record<string, string>>, names: readonly string[]): string | undefined {
  return names.map((name) => labels[name]).find((value) => value !== undefined);
}

/** A container whose last process has ended. */
export function stopped({ pid: _, ...container }: Container): Container {
  return { ...container, status: 'exited', addresses: [] };
}

export function isSame(a: Container, b: Container): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
