// SPDX-License-Identifier: Apache-2.0
import type { Detection, Probe } from '@flowtap/core';
import { judgeFirstBytes } from './first-bytes.js';

/**
 * An array that begins with a command's name is Redis. A line such as `PING` is it only when the other side answers as Redis
 * does. A server never speaks first, except to a connection that was joined late.
 */
export function detect({ ingress, egress, joinedLate }: Probe): Detection {
  const sides = [judgeFirstBytes(ingress), judgeFirstBytes(egress)];
  if (sides.includes('command')) return 'match';
  const isAnswered = sides.includes('reply') || sides.includes('push');
  if (sides.includes('line') && isAnswered) return 'match';
  if (joinedLate && sides.includes('push')) return 'match';
  if (sides.includes('open')) return 'need-more';
  if (sides.every((side) => side === 'silent')) return 'need-more';
  const isHalf = sides.includes('line') || (joinedLate && sides.includes('reply'));
  return isHalf && sides.includes('silent') ? 'need-more' : 'no-match';
}
