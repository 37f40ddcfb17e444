// SPDX-License-Identifier: Apache-2.0
import type { ConnectionTraffic, Measurement, ProcessDescription } from '@flowtap/bpf-native';
import type { Endpoint } from '@flowtap/core';

export interface ProcessReport {
  readonly process: ProcessDescription;
  /** Absent where capturing failed: `problem` says why. */
  readonly measurement?: Measurement;
  readonly problem?: string;
}

const MAX_LINES = 40;

const LIBRARY_NAMES = { openssl: 'OpenSSL', gnutls: 'GnuTLS', go: 'crypto/tls of Go' } as const;

/** Measured on a virtual machine, where the kernel emulates the probed instruction and where it must single-step it. */
const PLACES = {
  internal: 'probed behind its exported functions, about 1 µs a call',
  exported: 'probed at its exported functions, about 1 to 13 µs a call',
  'inner-copies': 'probed where it copies what was read, and at or behind its functions that write, about 1 µs each',
  'inner-calls': 'probed at the calls that plaintext passes, about 1 µs each',
  'entry-and-return': 'probed at entry and return, about 1 to 13 µs a call',
} as const;

const STATES = { plain: 'not encrypted', readable: 'TLS, read', unreadable: 'TLS, NOT READ' } as const;

/** One page: what the process is, what a capture sees of it and what not, and what passed in the measured time. */
export function formatProcessReport({ process, measurement, problem }: ProcessReport): string {
  const { pid, comm, exe, runtime } = process;
  const lines: (readonly [label: string, text: string])[] = [
    ['process', `${pid} ${comm}${exe === undefined ? '' : ` (${exe})`}`],
    ['runtime', runtime.version === undefined ? runtime.name : `${runtime.name} ${runtime.version}`],
    ...process.tlsLibraries.map((library) => ['TLS', describeLibrary(library)] as const),
    ...(process.tlsLibraries.length === 0 ? [['TLS', 'no library that can be read is in this process'] as const] : []),
    ...process.blindSpots.map(({ message, remedy }) => ['unseen', `${message}. ${remedy}`] as const),
    ['traffic', problem ?? trafficSummary(measurement)],
  ];
  const connections = measurement?.connections.slice(0, MAX_LINES).map(describeConnection) ?? [];
  const left = (measurement?.connections.length ?? 0) - connections.length + (measurement?.omitted ?? 0);
  if (left > 0) connections.push(`and ${left} more; --json has up to 1000`);
  const page = [
    ...lines.map(([label, text]) => `${label.padEnd(8)} ${text}`),
    ...connections.map((text) => `  ${text}`),
  ];
  return `${page.join('\n')}\n`;
}

function describeLibrary(library: ProcessDescription['tlsLibraries'][number]): string {
  const { path, version, linkage, place, otherUsers } = library;
  const name = version === undefined ? LIBRARY_NAMES[library.library] : `${LIBRARY_NAMES[library.library]} ${version}`;
  const where = linkage === 'executable' ? `${name} inside ${path}` : `${name}, ${path}`;
  const cost =
    otherUsers === 0
      ? 'no other process has it loaded'
      : `${count(otherUsers, 'other process', 'other processes')} with it loaded would pay the same during a capture`;
  return `${where}; ${PLACES[place]}; ${cost}`;
}

function trafficSummary(measurement: Measurement | undefined): string {
  if (measurement === undefined) return 'not measured';
  const { connections, durationMs } = measurement;
  const seconds = `${(durationMs / 1000).toFixed(1)} s`;
  if (connections.length === 0) return `none in ${seconds} (--for <seconds> looks longer)`;
  const unread = connections.filter(({ state }) => state === 'unreadable').length;
  const verdict = unread === 0 ? '' : `, ${unread} of them encrypted and not read`;
  return `${count(connections.length + measurement.omitted, 'connection', 'connections')} in ${seconds}${verdict}`;
}

function describeConnection(connection: ConnectionTraffic): string {
  const { pid, role, local, remote, state, socketBytes, plaintextBytes, fdSource, isOpen } = connection;
  const [from, to] = role === 'server' ? [remote, local] : [local, remote];
  const ends =
    from === undefined && to === undefined
      ? 'addresses not known'
      : `${text(from)} ${role === 'unknown' ? '↔' : '→'} ${text(to)}`;
  const parts = [
    `${role === 'unknown' ? 'connection' : role} ${ends} (pid ${pid}${isOpen ? '' : ', closed'})`,
    STATES[state],
    `socket ↓ ${socketBytes.ingress} B ↑ ${socketBytes.egress} B`,
  ];
  if (state !== 'plain') parts.push(`plaintext ↓ ${plaintextBytes.ingress} B ↑ ${plaintextBytes.egress} B`);
  if (fdSource !== undefined && fdSource !== 'unknown') parts.push(`socket told by ${fdSource}`);
  return parts.join('; ');
}

function text(endpoint: Endpoint | undefined): string {
  if (endpoint === undefined) return '?';
  if ('path' in endpoint) return endpoint.path === '' ? 'unix' : `unix:${endpoint.path}`;
  return endpoint.address.includes(':')
    ? `[${endpoint.address}]:${endpoint.port}`
    : `${endpoint.address}:${endpoint.port}`;
}

function count(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
