// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { PROBE_BYTES } from './constants.js';
import { readFrameChain } from './frame-chain.js';

/**
 * A WebSocket begins with HTTP, which hands it over: there is nothing to detect. Only one that was joined late has to be
 * known by its frames.
 */
export function detect({ ingress, egress, joinedLate }: Probe): Detection {
  if (!joinedLate) return 'no-match';
  const verdicts = [ingress, egress].map((bytes) => {
    const end = Math.min(bytes.length, PROBE_BYTES);
    const verdict = readFrameChain(bytes, 0, end);
    return verdict === 'open' && (end === 0 || end === PROBE_BYTES) ? 'broken' : verdict;
  });
  if (verdicts.includes('certain')) return 'match';
  return verdicts.includes('open') ? 'need-more' : 'no-match';
}
