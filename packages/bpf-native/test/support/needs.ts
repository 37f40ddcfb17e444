// SPDX-License-Identifier: Apache-2.0
import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';

const requireAll = process.env['CI'] === 'true' || process.env['FLOWTAP_REQUIRE_ALL'] === '1';

const missing =
  process.platform !== 'linux'
    ? 'capturing needs Linux'
    : process.getuid?.() !== 0
      ? 'capturing needs root'
      : existsSync('/sys/kernel/btf/vmlinux')
        ? undefined
        : 'capturing needs /sys/kernel/btf/vmlinux';

/** Tests with the real addon. Where that is not possible they are skipped with the reason in the title, or fail. */
export function describeCapture(title: string, body: () => void): void {
  if (missing === undefined) describe(title, { timeout: 60_000 }, body);
  else if (requireAll) {
    it(title, () => {
      throw new Error(missing);
    });
  } else describe.skip(`${title} (skipped: ${missing})`, body);
}
