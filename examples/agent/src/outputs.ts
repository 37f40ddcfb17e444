// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import { assertNever, type Exporter, har, jsonLines, stdout } from '@flowtap/core';
import type { OutputSpec } from './options/output-spec.js';

/** @param readable stream of the human-readable form. */
export function createExporters(specs: readonly OutputSpec[] | undefined, readable: Writable): readonly Exporter[] {
  return (specs ?? [{ kind: 'stdout' }]).map((spec) => {
    switch (spec.kind) {
      case 'stdout':
        return stdout({ stream: readable });
      case 'json':
        return jsonLines({ stream: process.stdout });
      case 'jsonl':
        return jsonLines({ path: spec.path });
      case 'har':
        return har({ path: spec.path });
      default:
        return assertNever(spec);
    }
  });
}
