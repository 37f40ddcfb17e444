// SPDX-License-Identifier: Apache-2.0
import type { Endpoint, Flow, FlowContainer, FlowDescription } from '@flowtap/core';
import type { Container } from './container.js';
import type { ContainerTable } from './container-table.js';

/** Says which containers a flow has to do with. */
export class FlowDescriber {
  readonly #table: ContainerTable;
  readonly #hasLabels: boolean;
  readonly #byPid: (pid: number) => Container | undefined;
  /** One object for each state of a container: writers recognise it. */
  readonly #descriptions = new WeakMap<Container, FlowContainer>();

  constructor(table: ContainerTable, hasLabels: boolean, byPid: (pid: number) => Container | undefined) {
    this.#table = table;
    this.#hasLabels = hasLabels;
    this.#byPid = byPid;
  }

  describe({ process, source, destination }: Flow): FlowDescription | undefined {
    const { containerId, pid } = process;
    // The id of a container inside of a container is not known to the engine outside.
    const found = containerId === undefined ? undefined : (this.#table.recall(containerId) ?? this.#byPid(pid));
    const sourceContainer = this.#nameOf(source);
    const destinationContainer = this.#nameOf(destination);
    if (found === undefined && sourceContainer === undefined && destinationContainer === undefined) return undefined;
    return {
      ...(found === undefined ? {} : { container: this.#toFlowContainer(found) }),
      ...(sourceContainer === undefined ? {} : { sourceContainer }),
      ...(destinationContainer === undefined ? {} : { destinationContainer }),
    };
  }

  #nameOf(endpoint: Endpoint | undefined): string | undefined {
    if (endpoint === undefined || !('address' in endpoint)) return undefined;
    return this.#table.ownerOf(endpoint.address)?.name;
  }

  #toFlowContainer(container: Container): FlowContainer {
    const known = this.#descriptions.get(container);
    if (known !== undefined) return known;
    const { id, name, image, labels } = container;
    const description = { id, name, image, ...(this.#hasLabels ? { labels } : {}) };
    this.#descriptions.set(container, description);
    return description;
  }
}
