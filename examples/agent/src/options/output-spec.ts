// SPDX-License-Identifier: Apache-2.0
import { resolve } from 'node:path';
import { UsageError } from '../usage-error.js';

const FORMS =
  'stdout, json, jsonl:<file>, har:<file>, grpc:<host:port>, flowtap:<host:port>, otlp:http://<host:port> or otlp+grpc://<host:port>';

/**
 * Where flows go: human-readable or JSON lines on the terminal's stream, JSON lines or HAR in a file, the desktop GUI
 * (`grpc`), a server that implements flowtap.v1 (`flowtap`), or a receiver of OpenTelemetry's spans (`otlp`).
 */
export type OutputSpec =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'json' }
  | { readonly kind: 'jsonl'; readonly path: string }
  | { readonly kind: 'har'; readonly path: string }
  | ServerSpec
  | OtlpSpec;

export interface ServerSpec {
  readonly kind: 'grpc' | 'flowtap';
  readonly address: string;
}

export interface OtlpSpec {
  readonly kind: 'otlp';
  /** `http`, `https`, `grpc` or `grpcs`. */
  readonly url: string;
}

/**
 * `stdout`, `json`, `jsonl:<file>`, `har:<file>`, `grpc:<host:port>`, `flowtap:<host:port>`, `otlp:<url>`, `otlp+grpc://…` or
 * `otlp+grpcs://…`.
 */
export function parseOutputSpec(option: string, text: string): OutputSpec {
  if (text === 'stdout' || text === 'json') return { kind: text };
  const colon = text.indexOf(':');
  const kind = colon < 0 ? text : text.slice(0, colon);
  const rest = colon < 0 ? '' : text.slice(colon + 1);
  if (kind === 'jsonl' || kind === 'har') {
    if (rest === '') throw new UsageError(`${option}: ${kind} needs a file;`, `write ${kind}:flows.${kind}.`);
    return { kind, path: rest };
  }
  if (kind === 'grpc' || kind === 'flowtap') {
    if (rest === '') throw new UsageError(`${option}: ${kind} needs a server;`, `write ${kind}:localhost:50052.`);
    return { kind, address: rest };
  }
  if (kind === 'otlp' || kind === 'otlp+grpc' || kind === 'otlp+grpcs') return otlpSpec(option, kind, rest);
  throw new UsageError(`${option}: '${text}' is not an output;`, `write ${FORMS}.`);
}

function otlpSpec(option: string, kind: string, rest: string): OtlpSpec {
  const url = kind === 'otlp' ? rest : `${kind.slice('otlp+'.length)}:${rest}`;
  if (!/^(https?|grpcs?):\/\/./.test(url)) {
    throw new UsageError(
      `${option}: ${kind} needs the URL of a receiver;`,
      'write otlp:http://localhost:4318 or otlp+grpc://localhost:4317.',
    );
  }
  return { kind: 'otlp', url };
}

/** A server alone: the desktop GUI unless it says `flowtap:`. */
export function parseServerSpec(option: string, text: string): ServerSpec {
  const isKind = text.startsWith('grpc:') || text.startsWith('flowtap:');
  return parseOutputSpec(option, isKind ? text : `grpc:${text}`) as ServerSpec;
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
