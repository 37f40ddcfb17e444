// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '../flow/flow.js';
import { endpointText, hostOfAuthority, isHttpMessage } from '../http/http-flow.js';
import { criterionError } from './criterion-error.js';

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function hostTest(pattern: string): (flow: Flow) => boolean {
  if (typeof pattern !== 'string' || !/^(\*\.)?[^\s*/]+$/.test(pattern)) {
    throw criterionError('host', pattern, 'Give a host name or address, or *.example.com for all names below one.');
  }
  const wanted = pattern.toLowerCase();
  const suffix = wanted.startsWith('*.') ? wanted.slice(1) : undefined;
  return (flow) => {
    const authority = authorityOf(flow)?.toLowerCase();
    if (authority === undefined) return false;
    const host = hostOfAuthority(authority);
    if (suffix !== undefined) return host.length > suffix.length && host.endsWith(suffix);
    return host === wanted || authority === wanted || `[${host}]` === wanted;
  };
}

function authorityOf(flow: Flow): string | undefined {
  const destination = flow.destination && endpointText(flow.destination);
  if (flow.kind === 'opaque') return flow.sni ?? destination ?? (flow.remote && endpointText(flow.remote));
  return (isHttpMessage(flow.request) ? flow.request.authority : undefined) ?? destination;
}
