// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '@flowtap/core';
import type { Criterion } from './options/criterion.js';

export interface FlowFilterOptions {
  readonly host?: readonly Criterion[];
  readonly status?: readonly Criterion[];
  readonly method?: readonly Criterion[];
}

/** Values of one option are alternatives; different options must all hold. Absent when there is nothing to filter. */
export function createWhere(options: FlowFilterOptions): ((flow: Flow) => boolean) | undefined {
  const groups = [options.host, options.status, options.method].filter((group) => group !== undefined);
  if (groups.length === 0) return undefined;
  return (flow) => groups.every((alternatives) => alternatives.some((criterion) => criterion(flow)));
}
