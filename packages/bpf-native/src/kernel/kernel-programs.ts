// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@flowtap/core';
import { BpfError } from '../errors.js';
import { loadAddon } from '../load-addon.js';
import type { ResolvedOptions } from '../options.js';
import type { NativeSession } from '../records/native-binding.js';
import { toBpfError } from '../records/native-errors.js';
import { LATE_PROGRAMS, unusedUprobePrograms } from '../tls/uprobe-programs.js';
import { type Backend, unusedPrograms } from './backend.js';
import { availableBackends, hasUprobeMulti, hasUprobeSession } from './kernel-features.js';
import { assertCapturePossible } from './preflight.js';

/** A command that does nothing has ended by then; a container that starts needs longer until it does something. */
const LATE_DELAY_MS = 250;

/** What the kernel has verified and holds; nothing is attached. */
export class KernelPrograms {
  readonly session: NativeSession;
  readonly backend: Backend;
  /** The kernel has uprobe sessions. */
  readonly hasSessions: boolean;
  readonly #logger: Logger;
  readonly #lateTimer: NodeJS.Timeout;
  #loadingLate: Promise<unknown> | undefined;

  private constructor(session: NativeSession, backend: Backend, hasSessions: boolean, logger: Logger) {
    this.session = session;
    this.backend = backend;
    this.hasSessions = hasSessions;
    this.#logger = logger;
    this.#lateTimer = setTimeout(() => void this.loadLate().catch(() => undefined), LATE_DELAY_MS);
    this.#lateTimer.unref();
  }

  /**
   * Verifying takes most of the time in which a capture begins. The programs for Go and for OpenSSL inside a program are more
   * than a third of it: they are left for later, or for the first such program.
   *
   * @throws NativeLoadError, BpfError
   */
  static async load({ native, backend: wanted, logger }: ResolvedOptions): Promise<KernelPrograms> {
    const { Session } = loadAddon();
    assertCapturePossible();
    const backend = chooseBackend(wanted);
    const session = new Session();
    const hasSessions = hasUprobeSession();
    const without = [...unusedPrograms(backend), ...unusedUprobePrograms(hasSessions), ...LATE_PROGRAMS];
    try {
      await session.load(native, without, hasUprobeMulti());
    } catch (error) {
      await session.close();
      throw toBpfError(error);
    }
    return new KernelPrograms(session, backend, hasSessions, logger);
  }

  /**
   * Resolves when the programs that were left for later are there. Rejects when the kernel refuses them, of which a warning
   * tells.
   */
  loadLate(): Promise<unknown> {
    clearTimeout(this.#lateTimer);
    this.#loadingLate ??= this.session.loadLater(LATE_PROGRAMS).catch((error) => {
      this.#logger.warn(
        `TLS of Go programs and of programs with OpenSSL inside will not be seen: ${(toBpfError(error) as Error).message}`,
      );
      throw error;
    });
    return this.#loadingLate;
  }

  async close(): Promise<void> {
    clearTimeout(this.#lateTimer);
    await this.#loadingLate?.catch(() => undefined);
    await this.session.close();
  }
}

function chooseBackend(wanted: Backend | 'auto'): Backend {
  const available = availableBackends();
  const chosen = wanted === 'auto' ? available[0] : available.find((backend) => backend === wanted);
  if (chosen) return chosen;
  throw new BpfError('BPF_NO_BACKEND', `This kernel does not offer the back end "${wanted}".`, {
    hint: `Use --backend ${available[0] ?? 'auto'}.`,
  });
}
