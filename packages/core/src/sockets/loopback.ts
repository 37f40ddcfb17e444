// SPDX-License-Identifier: Apache-2.0
import { isIPv4, isIPv6 } from 'node:net';

/** Whether what is sent to this host stays on this machine: RFC 5735 §3, RFC 4291 §2.5.3, RFC 6761 §6.3. */
export function isLoopback(host: string): boolean {
  if (isIPv4(host)) return host.startsWith('127.');
  if (isIPv6(host)) return host === '::1' || host === '0:0:0:0:0:0:0:1';
  const name = host.toLowerCase();
  return name === 'localhost' || name.endsWith('.localhost');
}
