// SPDX-License-Identifier: Apache-2.0
import type { Endpoint } from '../events.js';
import type { Flow } from '../flow/flow.js';
import { criterionError } from './criterion-error.js';

const MAX_PORT = 65_535;
/** Fewer digits of an id would mean too many containers. */
const MIN_ID_DIGITS = 6;

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function processTest(wanted: string | number): (flow: Flow) => boolean {
  const pid = Number(wanted);
  if (Number.isSafeInteger(pid) && pid > 0) return ({ process }) => process.pid === pid;
  if (typeof wanted !== 'string' || wanted.trim() === '' || /^-?\d+$/.test(wanted)) {
    throw criterionError('process', wanted, 'Give a process id, the name of a program, or its whole path.');
  }
  const suffix = `/${wanted}`;
  return ({ process: { comm, exe } }) => comm === wanted || exe === wanted || exe?.endsWith(suffix) === true;
}

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function containerTest(wanted: string): (flow: Flow) => boolean {
  if (typeof wanted !== 'string' || wanted.trim() === '') {
    throw criterionError(
      'container',
      wanted,
      `Give the name of a container, or at least ${MIN_ID_DIGITS} digits of its id.`,
    );
  }
  const id = wanted.toLowerCase();
  const isId = id.length >= MIN_ID_DIGITS && /^[0-9a-f]+$/.test(id);
  return ({ container, process }) => {
    if (container?.name === wanted) return true;
    return isId && (container?.id ?? process.containerId)?.startsWith(id) === true;
  };
}

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function portTest(wanted: string | number): (flow: Flow) => boolean {
  const port = typeof wanted === 'string' && !/^\d+$/.test(wanted) ? Number.NaN : Number(wanted);
  if (!Number.isInteger(port) || port < 1 || port > MAX_PORT) {
    throw criterionError('port', wanted, `Give the server's port, a number from 1 to ${MAX_PORT}.`);
  }
  const isAt = (endpoint: Endpoint | undefined) =>
    endpoint !== undefined && 'port' in endpoint && endpoint.port === port;
  return (flow) => {
    if (flow.kind === 'opaque' && flow.destination === undefined) return isAt(flow.local) || isAt(flow.remote);
    return isAt(flow.destination);
  };
}

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function protocolTest(wanted: string | readonly string[]): (flow: Flow) => boolean {
  const names = typeof wanted === 'string' ? [wanted] : [...wanted];
  if (names.length === 0 || names.some((name) => typeof name !== 'string' || name.trim() === '')) {
    throw criterionError('protocol', wanted, 'Give a protocol such as http/1.1 or grpc, or several.');
  }
  const protocols = new Set<string>(names);
  return ({ protocol }) => protocols.has(protocol);
}
