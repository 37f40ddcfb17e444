// SPDX-License-Identifier: Apache-2.0

// Mirrors bpf/event.h, in host byte order (little-endian on every supported architecture). record-layout.test.ts
// compiles the header and compares every number.

export const ABI_VERSION = 1;
export const COMM_BYTES = 16;
export const ALIGNMENT = 8;

export const RecordType = { connect: 1, getsockname: 2, data: 3, close: 4, process: 5, map: 6 } as const;

export const HeaderFlag = { joinedLate: 1, encrypted: 2, plaintextLate: 4 } as const;

export const HEADER = {
  bytes: 56,
  size: 0,
  type: 4,
  version: 6,
  flags: 7,
  timestampNs: 8,
  connectionId: 16,
  pid: 24,
  tid: 28,
  fd: 32,
  role: 36,
  family: 37,
  comm: 40,
} as const;

/** Offsets within every record that has addresses. */
export const ADDRESSES = { local: 56, remote: 72, localPort: 88, remotePort: 90 } as const;

export const CONNECT = {
  bytes: 320,
  localPathBytes: 96,
  remotePathBytes: 98,
  localPath: 100,
  remotePath: 208,
} as const;

export const DATA = {
  bytes: 120,
  offset: 96,
  length: 104,
  captured: 108,
  direction: 112,
  layer: 113,
  gap: 114,
  fdSource: 115,
} as const;

export const CLOSE = {
  bytes: 136,
  rawIngress: 96,
  rawEgress: 104,
  tlsIngress: 112,
  tlsEgress: 120,
  plaintextId: 128,
} as const;

export const PROCESS = { bytes: 328, action: 56, stopped: 60, filename: 64, filenameBytes: 256, target: 320 } as const;

export const MAP = { bytes: 88, start: 56, inode: 64, deviceMajor: 72, deviceMinor: 76, target: 80 } as const;

/** Values of the kernel's maps. */
export const PROCESS_ENTRY = { bytes: 8, target: 0, flags: 4, byCgroup: 2 } as const;
export const CONNECTION_ENTRY = {
  bytes: 168,
  id: 0,
  rawIngress: 24,
  rawEgress: 32,
  tlsIngress: 40,
  tlsEgress: 48,
  plaintextId: 80,
  pid: 88,
  fd: 96,
  role: 100,
  family: 101,
  flags: 102,
  comm: 104,
  addresses: 120,
} as const;
export const ConnectionFlag = { tls: 1, joinedLate: 2, pending: 4, closed: 8 } as const;
export const FILE_KEY = { bytes: 16, inode: 0, device: 8, minorBits: 20 } as const;
export const CGROUP_KEY = { bytes: 16, id: 0, hierarchy: 8 } as const;
export const CGROUP_NAME = { bytes: 128, text: 0 } as const;

/** Files whose probes can be told apart, and what their number is multiplied by in an attach cookie. */
export const PROBED_FILES = 4096;
export const COOKIE_FILE_UNIT = 2 ** 32;

/** Attach cookies of TLS probes. */
export const TlsFunction = {
  read: 1,
  write: 2,
  readEx: 3,
  writeEx: 4,
  setFd: 5,
  free: 6,
  setPointer: 7,
  readUnseen: 8,
} as const;

/**
 * Attach cookies of probes where OpenSSL copies plaintext: what the place of each value is multiplied by. A place is a
 * number of the value's size above the stack pointer, or from `firstRegister` on a register, one of `registers`.
 */
export const COPY_COOKIE = {
  ssl: 1,
  type: 2 ** 8,
  peek: 2 ** 16,
  firstRegister: 240,
  /** RBX, RBP, R12 to R15. */
  registers: [3, 5, 12, 13, 14, 15] as readonly number[],
} as const;

/** Attach cookies of the probes in Go's crypto/tls: place and flags. */
export const GoPlace = { copy: 1, send: 2, read: 3, write: 4, close: 5 } as const;
export const GoFlag = { stackAbi: 256 } as const;

/** Order of `enum flowtap_counter`. */
export const COUNTERS = [
  'ring-full',
  'control-lost',
  'copy-failed',
  'call-limit',
  'identity-lost',
  'map-full',
  'tls-unbound',
  'control-sent',
  'data-sent',
  'tls-revoked',
] as const;

export type CounterName = (typeof COUNTERS)[number];
