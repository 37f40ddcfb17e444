// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import { basename } from 'node:path';
import type { Flow } from '@flowtap/core';
import { type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { ATTR_CONTAINER_ID, ATTR_CONTAINER_IMAGE_NAME, ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';

/** Each process is one; a batch with more of them than this is not worth remembering for the next. */
const MAX_RESOURCES = 1024;
const COMPOSE_SERVICE = 'com.docker.compose.service';

/**
 * Who a span is of: the observed process. Spans of one process share one resource, because spans are sent in groups by
 * resource.
 */
export class Resources {
  readonly #known = new Map<string, Resource>();

  of(flow: Flow): Resource {
    const { process, container } = flow;
    const key = `${process.pid} ${process.comm} ${process.exe ?? ''} ${container?.id ?? process.containerId ?? ''}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    if (this.#known.size >= MAX_RESOURCES) this.#known.clear();
    const resource = resourceFromAttributes(attributesOf(flow));
    this.#known.set(key, resource);
    return resource;
  }
}

/** Resource semantic conventions. Those of processes and hosts have no stable constants yet. */
function attributesOf({ process, container }: Flow): Record<string, string | number | undefined> {
  const { pid, comm, exe } = process;
  const program = exe === undefined ? undefined : basename(exe);
  return {
    [ATTR_SERVICE_NAME]: container?.labels?.[COMPOSE_SERVICE] ?? container?.name ?? program ?? comm,
    'host.name': hostname(),
    'process.pid': pid < 0 ? undefined : pid,
    'process.executable.name': program ?? comm,
    'process.executable.path': exe,
    [ATTR_CONTAINER_ID]: container?.id ?? process.containerId,
    'container.name': container?.name,
    [ATTR_CONTAINER_IMAGE_NAME]: container?.image,
  };
}
