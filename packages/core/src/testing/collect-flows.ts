// SPDX-License-Identifier: Apache-2.0
import type { TapEvent } from '../events.js';
import type { Flow } from '../flow/flow.js';
import { createTap } from '../tap/tap.js';
import type { TapOptions } from '../tap/tap-options.js';
import { FakeSource } from './fake-source.js';

/**
 * The flows that a tap makes of these events.
 *
 * @param options all but the source. Nothing is redacted unless they say so.
 */
export async function collectFlows(
  events: readonly TapEvent[],
  options: Omit<TapOptions, 'source'>,
): Promise<readonly Flow[]> {
  const source = new FakeSource();
  const tap = createTap({ redact: false, ...options, source });
  const flows: Flow[] = [];
  tap.on('flow', (flow) => flows.push(flow));
  await tap.start();
  source.play(...events);
  source.end();
  await tap.ended;
  return flows;
}
