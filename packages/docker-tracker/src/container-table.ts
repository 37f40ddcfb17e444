// SPDX-License-Identifier: Apache-2.0
import type { Container } from './container.js';

/** Flows of a container are often finished after it is gone: so many of those that are gone are remembered. */
const MAX_GONE = 1024;
/** Addresses are remembered until another container has them, so many at most. */
const MAX_ADDRESSES = 65_536;

/** The containers that an engine has, by id and by address. */
export class ContainerTable {
  readonly #present = new Map<string, Container>();
  readonly #gone = new Map<string, Container>();
  readonly #idByAddress = new Map<string, string>();

  all(): readonly Container[] {
    return [...this.#present.values()];
  }

  get(id: string): Container | undefined {
    return this.#present.get(id);
  }

  /** Also one that was removed not long ago. */
  recall(id: string): Container | undefined {
    return this.#present.get(id) ?? this.#gone.get(id);
  }

  /** The container that has an address, or had it last. */
  ownerOf(address: string): Container | undefined {
    const id = this.#idByAddress.get(address);
    return id === undefined ? undefined : this.recall(id);
  }

  put(container: Container): void {
    this.#present.set(container.id, container);
    this.#gone.delete(container.id);
    for (const address of container.addresses) putBounded(this.#idByAddress, address, container.id, MAX_ADDRESSES);
  }

  remove(id: string): Container | undefined {
    const container = this.#present.get(id);
    if (container === undefined) return undefined;
    this.#present.delete(id);
    putBounded(this.#gone, id, container, MAX_GONE);
    return container;
  }
}

/** The entry that was put first goes when there are too many. */
function putBounded<V>(map: Map<string, V>, key: string, value: V, max: number): void {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return;
  for (const oldest of map.keys()) {
    map.delete(oldest);
    return;
  }
}
