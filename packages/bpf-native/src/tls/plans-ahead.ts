// SPDX-License-Identifier: Apache-2.0
import { closeSync } from 'node:fs';
import { openFirst } from '../targets/proc.js';
import { fileIdentity } from './file-identity.js';
import { type Haste, planFile } from './file-plan.js';
import { linkerCacheLibraries } from './linker-cache.js';
import type { TlsPlan } from './tls-probes.js';

/** Plans for files that are likely to be probed soon, made while there is time. */
export class PlansAhead {
  /** By the identity of the file. Few: what one linker's cache lists, until it is asked for. */
  readonly #plans = new Map<string, TlsPlan | undefined>();

  /** Those of this machine's dynamic linker, which every command that is started may use. */
  makeForLinkerCache(): void {
    for (const path of linkerCacheLibraries('')) {
      const fd = openFirst([path]);
      if (fd === undefined) continue;
      this.#plans.set(fileIdentity(fd, false).key, planFile(fd));
      closeSync(fd);
    }
  }

  /** The plan for an open file, made ahead or now. */
  take(key: string, fd: number, haste: Haste): TlsPlan | undefined {
    if (!this.#plans.has(key)) return planFile(fd, haste);
    const plan = this.#plans.get(key);
    this.#plans.delete(key);
    return plan;
  }
}
