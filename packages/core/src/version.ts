// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** `flowtap/<version of this package>`, for files that say who wrote them. */
export function creator(): { readonly name: string; readonly version: string } {
  return { name: 'flowtap', version: packageVersion() };
}

/** The same relative path from `src` and from `dist`. */
function packageVersion(): string {
  const manifest: { version?: string } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  return manifest.version ?? 'unknown';
}
