// SPDX-License-Identifier: Apache-2.0
import type { ConnectionTraffic, ProcessDescription } from '@flowtap/bpf-native';
import { expect, it } from 'vitest';
import { formatProcessReport } from './process-report.js';

const description: ProcessDescription = {
  pid: 7,
  comm: 'node',
  exe: '/usr/bin/node',
  runtime: { name: 'Node.js', version: '20.20.2' },
  tlsLibraries: [
    {
      path: '/usr/bin/node',
      library: 'openssl',
      version: '3.0.17',
      linkage: 'executable',
      place: 'exported',
      inode: 1,
      otherUsers: 2,
    },
  ],
  blindSpots: [],
};

const connection: ConnectionTraffic = {
  pid: 7,
  comm: 'node',
  fd: 9,
  role: 'server',
  transport: 'tcp',
  local: { address: '::1', port: 8443 },
  remote: { address: '::1', port: 40_000 },
  state: 'readable',
  socketBytes: { ingress: 900, egress: 5000 },
  plaintextBytes: { ingress: 100, egress: 4000 },
  fdSource: 'last-read',
  isOpen: true,
};

it('is one page with a line for everything', () => {
  const measurement = { durationMs: 3012, connections: [connection], omitted: 0 };
  expect(formatProcessReport({ process: description, measurement }).split('\n')).toEqual([
    'process  7 node (/usr/bin/node)',
    'runtime  Node.js 20.20.2',
    'TLS      OpenSSL 3.0.17 inside /usr/bin/node; probed at its exported functions, about 1 to 13 µs a call; 2 other processes with it loaded would pay the same during a capture',
    'traffic  1 connection in 3.0 s',
    '  server [::1]:40000 → [::1]:8443 (pid 7); TLS, read; socket ↓ 900 B ↑ 5000 B; plaintext ↓ 100 B ↑ 4000 B; socket told by last-read',
    '',
  ]);
});

it('gives every blind spot one line with what can be done, and marks what was not read', () => {
  const unread = { ...connection, state: 'unreadable', plaintextBytes: { ingress: 0, egress: 0 } } as const;
  const page = formatProcessReport({
    process: { ...description, tlsLibraries: [], blindSpots: [{ code: 'x', message: 'It is dark', remedy: 'Light.' }] },
    measurement: { durationMs: 3000, connections: [unread, connection], omitted: 5 },
  });
  expect(page).toContain('TLS      no library that can be read is in this process\nunseen   It is dark. Light.\n');
  expect(page).toContain('7 connections in 3.0 s, 1 of them encrypted and not read');
  expect(page).toContain('TLS, NOT READ');
  expect(page).toContain('and 5 more');
});

it('tells what is known although capturing failed', () => {
  const page = formatProcessReport({ process: description, problem: 'no CAP_BPF; run as root.' });
  expect(page).toContain('runtime  Node.js');
  expect(page).toContain('traffic  no CAP_BPF; run as root.');
});
