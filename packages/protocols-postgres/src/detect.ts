// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { PROBE_BYTES } from './constants.js';
import { type ChainVerdict, readChain } from './message-chain.js';
import { readStartupHead } from './startup.js';

/** A connection begins with one of the client's startup packets; one that was joined late is known by several messages. */
export function detect({ ingress, egress, joinedLate }: Probe): Detection {
  const verdicts = [ingress, egress].flatMap((bytes) => (bytes.length === 0 ? [] : verdictsOn(bytes, joinedLate)));
  if (verdicts.includes('certain')) return 'match';
  return verdicts.includes('open') ? 'need-more' : 'no-match';
}

function verdictsOn(bytes: Buffer, joinedLate: boolean): readonly ChainVerdict[] {
  const start = readStartupHead(bytes);
  if (!joinedLate) return [start];
  const isAll = bytes.length >= PROBE_BYTES;
  const chains = (['client', 'server'] as const).map((sender) => readChain(bytes, 0, sender));
  return [start, ...chains.map((verdict) => (verdict === 'open' && isAll ? 'broken' : verdict))];
}
