// SPDX-License-Identifier: Apache-2.0
import { AssertionError } from 'node:assert';
import { isDeepStrictEqual } from 'node:util';
import { ConfigError } from '../errors.js';
import type { Flow } from '../flow/flow.js';
import { checksOf, type Equals, type ExpectedFlow } from './expect-flow-checks.js';
import { matching, mismatchReport, unwantedReport } from './expect-flow-report.js';

/** What both Vitest and Jest give a matcher as `this`. */
interface MatcherContext {
  readonly equals: Equals;
}

interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The matchers as types of `expect`. Add them to those of your test runner:
 *
 * ```ts
 * import type { FlowMatchers } from '@flowtap/core/testing';
 *
 * declare module 'vitest' {
 *   interface Matchers<T> extends FlowMatchers<T> {}
 * }
 * // Jest: declare module 'expect' { interface Matchers<R> extends FlowMatchers<R> {} }
 * ```
 */
export interface FlowMatchers<R = unknown> {
  /** Among the flows is one that is as expected; without an expectation, any. */
  toHaveFlow(expected?: ExpectedFlow): R;
  /** Exactly so many of the flows are as expected. */
  toHaveFlowTimes(expected: ExpectedFlow, count: number): R;
  /** None of the flows is like this; without an expectation, there are none. */
  toHaveNoFlow(unwanted?: ExpectedFlow): R;
}

/**
 * Matchers for lists of flows, for `expect.extend` of Vitest and Jest.
 *
 * @example
 * ```ts
 * expect.extend(flowMatchers);
 * expect(flows).toHaveFlow({ method: 'POST', path: '/orders', status: 201, requestBody: { item: 'tea' } });
 * expect(flows).toHaveFlowTimes({ host: 'payments.local' }, 1);
 * expect(flows).toHaveNoFlow({ status: '5xx' });
 * ```
 */
export const flowMatchers = {
  toHaveFlow(this: MatcherContext, received: readonly Flow[], expected: ExpectedFlow = {}): MatcherResult {
    const checks = checksOf(expected, this.equals);
    const found = matching(flowsOf(received), checks);
    return {
      pass: found.length > 0,
      message: () =>
        found.length > 0
          ? unwantedReport('expected no flow', found, checks)
          : mismatchReport('expected a flow', received, checks),
    };
  },

  toHaveFlowTimes(
    this: MatcherContext,
    received: readonly Flow[],
    expected: ExpectedFlow,
    count: number,
  ): MatcherResult {
    const checks = checksOf(expected, this.equals);
    const found = matching(flowsOf(received), checks);
    const flows = count === 1 ? 'flow' : 'flows';
    return {
      pass: found.length === count,
      message: () =>
        found.length === count
          ? unwantedReport(`expected any number of flows but ${count}`, found, checks)
          : mismatchReport(`expected ${count} ${flows}, not ${found.length},`, received, checks),
    };
  },

  toHaveNoFlow(this: MatcherContext, received: readonly Flow[], unwanted: ExpectedFlow = {}): MatcherResult {
    const checks = checksOf(unwanted, this.equals);
    const found = matching(flowsOf(received), checks);
    return {
      pass: found.length === 0,
      message: () =>
        found.length === 0
          ? mismatchReport('expected a flow', received, checks)
          : unwantedReport('expected no flow', found, checks),
    };
  },
} as const;

/**
 * The first flow that is as expected, for test runners without `expect.extend` and for assertions about the flow itself.
 *
 * @throws AssertionError that says what was captured instead.
 */
export function expectFlow(flows: readonly Flow[], expected: ExpectedFlow = {}): Flow {
  const checks = checksOf(expected, isDeepStrictEqual);
  const [flow] = matching(flowsOf(flows), checks);
  if (flow !== undefined) return flow;
  throw new AssertionError({ message: mismatchReport('expected a flow', flows, checks), stackStartFn: expectFlow });
}

function flowsOf(received: readonly Flow[]): readonly Flow[] {
  if (Array.isArray(received)) return received;
  throw new ConfigError('CONFIG_INVALID_OPTION', 'A matcher for flows got something that is no list of flows.', {
    hint: 'Collect them first: tap.on("flow", (flow) => flows.push(flow)).',
  });
}
