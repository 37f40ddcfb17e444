// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, test } from 'vitest';
import { cliPath } from './flowtap.js';
import { hasToolchain, type Toolchain } from './go.js';
import { cleanEnvironment } from './program.js';
import { python } from './python.js';

const requireAll = process.env['CI'] === 'true' || process.env['FLOWTAP_REQUIRE_ALL'] === '1';

/**
 * A program by its name or path, a Python module as `python:<module>`, a Go compiler as `go:<toolchain>`, or so many processors
 * as `processors:<number>`.
 */
export type Need = string;

/** Tests that capture live. Where that is not possible they are skipped with the reason in the title, or fail. */
export function describeLive(title: string, needs: readonly Need[], body: () => void): void {
  const missing = firstMissing(needs);
  if (missing === undefined) describe(title, body);
  else if (requireAll) {
    test(title, () => {
      throw new Error(missing);
    });
  } else describe.skip(`${title} (skipped: ${missing})`, body);
}

function firstMissing(needs: readonly Need[]): string | undefined {
  if (process.platform !== 'linux') return 'capturing needs Linux';
  if (process.getuid?.() !== 0) return 'capturing needs root';
  if (!existsSync(cliPath)) return 'the command is not built: npm run build';
  if (!existsSync(python)) return `${python} is missing`;
  const need = needs.find((name) => !isThere(name));
  return need === undefined ? undefined : `${need} is missing`;
}

function isThere(need: Need): boolean {
  if (need.startsWith('processors:')) return availableParallelism() >= Number(need.slice('processors:'.length));
  if (need.startsWith('go:')) return hasToolchain(need.slice('go:'.length) as Toolchain);
  const [command, args] = need.startsWith('python:')
    ? [python, ['-c', `import ${need.slice('python:'.length)}`]]
    : ['sh', ['-c', `command -v ${need}`]];
  return spawnSync(command, args, { env: cleanEnvironment }).status === 0;
}
