// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@flowtap/core';
import { type Backend, unusedPrograms } from './backend.js';
import { BpfError } from './errors.js';
import { availableBackends, hasUprobeMulti, hasUprobeSession } from './kernel-features.js';
import { loadAddon } from './load-addon.js';
import type { NativeSession } from './native-binding.js';
import { toBpfError } from './native-errors.js';
import type { ResolvedOptions } from './options.js';
import { assertCapturePossible } from './preflight.js';
import { GO_PROGRAMS, unusedUprobePrograms } from './uprobe-programs.js';

/** What the kernel has verified and holds; nothing is attached. */
export interface KernelPrograms {
  readonly session: NativeSession;
  readonly backend: Backend;
  /** The kernel has uprobe sessions. */
  readonly hasSessions: boolean;
  /** Resolves when the programs for Go are loaded too; rejects when the kernel refuses them. */
  readonly goPrograms: Promise<unknown>;
}

/**
 * Verifying takes most of the time in which a capture begins. The programs for Go are nearly half of it: they follow, and
 * only who has a Go program to probe waits for them.
 *
 * @throws NativeLoadError, BpfError
 */
export async function loadPrograms({ native, backend: wanted, logger }: ResolvedOptions): Promise<KernelPrograms> {
  const { Session } = loadAddon();
  assertCapturePossible();
  const backend = chooseBackend(wanted);
  const session = new Session();
  const hasSessions = hasUprobeSession();
  const without = [...unusedPrograms(backend), ...unusedUprobePrograms(hasSessions), ...GO_PROGRAMS];
  try {
    await session.load(native, without, hasUprobeMulti());
  } catch (error) {
    await session.close();
    throw toBpfError(error);
  }
  return { session, backend, hasSessions, goPrograms: loadGoPrograms(session, logger) };
}

function loadGoPrograms(session: NativeSession, logger: Logger): Promise<unknown> {
  const loading = session.loadLater(GO_PROGRAMS);
  loading.catch((error) => logger.warn(`TLS of Go programs will not be seen: ${(toBpfError(error) as Error).message}`));
  return loading;
}

function chooseBackend(wanted: Backend | 'auto'): Backend {
  const available = availableBackends();
  const chosen = wanted === 'auto' ? available[0] : available.find((backend) => backend === wanted);
  if (chosen) return chosen;
  throw new BpfError('BPF_NO_BACKEND', `This kernel does not offer the back end "${wanted}".`, {
    hint: `Use --backend ${available[0] ?? 'auto'}.`,
  });
}
