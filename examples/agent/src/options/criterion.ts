// SPDX-License-Identifier: Apache-2.0
import { createFlowFilter, type Flow, FlowtapError } from '@flowtap/core';
import { UsageError } from '../usage-error.js';

/** One value of --host, --status or --method. */
export type Criterion = (flow: Flow) => boolean;

/**
 * @param kind which criterion of the core's filter; the option has the same name.
 * @param text one value, or several separated by commas.
 */
export function parseCriteria(kind: 'host' | 'status' | 'method', text: string): readonly Criterion[] {
  return text.split(',').map((value) => {
    try {
      return createFlowFilter({ [kind]: value.trim() });
    } catch (error) {
      if (!FlowtapError.isInstance(error)) throw error;
      throw new UsageError(`--${kind} cannot be '${value}'.`, error.hint);
    }
  });
}
