// SPDX-License-Identifier: Apache-2.0
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, test } from 'vitest';

/** The system's Python, for which Debian packages hpack, h2 and protobuf. */
export const python = '/usr/bin/python3';
const requireAll = process.env['CI'] === 'true' || process.env['FLOWTAP_REQUIRE_ALL'] === '1';

/** Tests that compare with a Python package. Without it they are skipped with the reason in the title, or fail. */
export function describeWithPython(module: string, title: string, body: () => void): void {
  if (spawnSync(python, ['-c', `import ${module}`]).status === 0) describe(title, body);
  else if (requireAll) {
    test(title, () => {
      throw new Error(`${python} has no module ${module}`);
    });
  } else describe.skip(`${title} (skipped: ${python} has no module ${module})`, body);
}

/** JSON lines that a script writes. */
export function runPython<T>(script: URL, ...args: readonly string[]): readonly T[] {
  const output = execFileSync(python, [fileURLToPath(script), ...args], { encoding: 'utf8', maxBuffer: 1 << 28 });
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line));
}
