// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { PROBE_BYTES } from './constants.js';
import { type ChainVerdict, readChain } from './message-chain.js';
import { readStartupHead } from './startup.js';

/** A connection begins with one of the client's startup packets; one that was joined late is known by several messages. */
export function detect({ ingress, egress, joinedLate }: Probe): Detection {
  const received = verdictOn(ingress, joinedLate);
  const sent = verdictOn(egress, joinedLate);
  if (received === 'certain' || sent === 'certain') return 'match';
  return received === 'open' || sent === 'open' ? 'need-more' : 'no-match';
}

function verdictOn(bytes: Buffer, joinedLate: boolean): ChainVerdict {
  if (bytes.length === 0) return 'broken';
  const startup = readStartupHead(bytes);
  if (!joinedLate || startup === 'certain') return startup;
  const client = readChain(bytes, 'client');
  const server = readChain(bytes, 'server');
  if (client === 'certain' || server === 'certain') return 'certain';
  // With all the bytes that it may see it has to know.
  if (bytes.length >= PROBE_BYTES) return 'broken';
  return startup === 'open' || client === 'open' || server === 'open' ? 'open' : 'broken';
}
