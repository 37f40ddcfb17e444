// SPDX-License-Identifier: Apache-2.0
import { createFlowFilter, type Flow, FlowtapError } from '@flowtap/core';
import { UsageError } from '../usage-error.js';

/** One value of an option that says which flows to show. */
export type Criterion = (flow: Flow) => boolean;

/** Options that have the name of a criterion of the core's filter. */
export type CriterionName = 'host' | 'path' | 'status' | 'method' | 'process' | 'port';

/** @param text one value, or several separated by commas; a path may contain them. */
export function parseCriteria(name: CriterionName, text: string): readonly Criterion[] {
  const values = name === 'path' ? [text] : text.split(',').map((value) => value.trim());
  return values.map((value) => createCriterion(name, value));
}

/** @param text a share such as `0.1`, or a percentage such as `10%`. */
export function parseSample(text: string): Criterion {
  const match = /^(\d*\.?\d+)(%?)$/.exec(text.trim());
  return createCriterion('sample', match === null ? text : Number(match[1]) / (match[2] === '%' ? 100 : 1));
}

function createCriterion(name: CriterionName | 'sample', value: string | number): Criterion {
  try {
    return createFlowFilter({ [name]: value });
  } catch (error) {
    if (!FlowtapError.isInstance(error)) throw error;
    throw new UsageError(`--${name} cannot be '${value}'.`, error.hint);
  }
}
