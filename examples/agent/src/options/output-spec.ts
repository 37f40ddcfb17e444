// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { UsageError } from '../usage-error.js';

/** Where flows go: human-readable or JSON lines on the terminal's stream, JSON lines or HAR in a file. */
export type OutputSpec =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'json' }
  | { readonly kind: 'jsonl'; readonly path: string }
  | { readonly kind: 'har'; readonly path: string };

/** `stdout`, `json`, `jsonl:<file>` or `har:<file>`. */
export function parseOutputSpec(option: string, text: string): OutputSpec {
  if (text === 'stdout' || text === 'json') return { kind: text };
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  if (kind === 'jsonl' || kind === 'har') {
    const path = colon < 0 ? '' : text.slice(colon + 1);
    if (path === '') throw new UsageError(`${option}: ${kind} needs a file;`, `write ${kind}:flows.${kind}.`);
    return { kind, path };
  }
  throw new UsageError(`${option}: '${text}' is not an output;`, 'write stdout, json, jsonl:<file> or har:<file>.');
}

/** Two writers of one file would destroy each other's work. */
export function refuseSharedFiles(
  files: readonly { readonly option: string; readonly path: string | undefined }[],
): void {
  const owners = new Map<string, string>();
  for (const { option, path } of files) {
    if (path === undefined || path.startsWith('/dev/')) continue;
    const key = resolve(path);
    const owner = owners.get(key);
    if (owner !== undefined) {
      const who = owner === option ? `${option} twice` : `${owner} and ${option}`;
      throw new UsageError(`${who} would write to the same file '${path}';`, 'give each its own file.');
    }
    owners.set(key, option);
  }
}
