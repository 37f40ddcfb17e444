// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '@flowtap/core';
import type { Criterion, CriterionName } from './options/criterion.js';

export interface FlowFilterOptions extends Partial<Readonly<Record<CriterionName, readonly Criterion[]>>> {
  readonly sample?: Criterion;
}

/** Values of one option are alternatives; different options must all hold. Absent when there is nothing to filter. */
export function createWhere(options: FlowFilterOptions): ((flow: Flow) => boolean) | undefined {
  const { port, process, method, status, sample, host, path } = options;
  const groups = [port, process, method, status, sample && [sample], host, path].filter((group) => group !== undefined);
  if (groups.length === 0) return undefined;
  return (flow) => groups.every((alternatives) => alternatives.some((criterion) => criterion(flow)));
}
