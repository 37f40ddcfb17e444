// SPDX-License-Identifier: Apache-2.0

/** `egress`: written by the observed process. `ingress`: read by it. */
export type Direction = 'ingress' | 'egress';

/** Side of the connection that the observed process is on; `unknown` until something tells. */
export type Role = 'client' | 'server' | 'unknown';

/** `raw`: what the socket carries. `tls`: the plaintext that a TLS library took or gave. */
export type Layer = 'raw' | 'tls';

/** IPv4 dotted or IPv6 in RFC 5952 form; v4-mapped IPv6 is folded to IPv4. */
export interface InetEndpoint {
  readonly address: string;
  readonly port: number;
}

/** AF_UNIX. Abstract names begin with `@`; an unnamed socket has the empty path. */
export interface UnixEndpoint {
  readonly path: string;
}

export type Endpoint = InetEndpoint | UnixEndpoint;

/**
 * What told which socket the plaintext of a TLS library belongs to, in order of trust. `set-fd`: the program itself
 * (SSL_set_fd and its kin). `nested-call`: a socket call of the same direction inside the TLS call. `last-read`: the socket that the thread read
 * just before, for programs that feed their library from memory; byte counts confirm it. `go`: the connection object of a
 * Go program. `unknown`: nothing did, and the addresses are not known.
 */
export type FdSource = 'set-fd' | 'nested-call' | 'last-read' | 'go' | 'unknown';

/**
 * What the source knows of a connection when it emits an event. Later events of the same connection may know more
 * (an address learnt late), never something else.
 */
export interface ConnectionInfo {
  /** Unique while the source runs; never reused, not even when pid, fd or the kernel's socket are. */
  readonly id: number;
  readonly role: Role;
  readonly transport: 'tcp' | 'unix' | 'unknown';
  readonly local?: Endpoint;
  readonly remote?: Endpoint;
  /** The source saw neither accept nor connect: bytes may have passed before the first event. */
  readonly joinedLate: boolean;
  /** Absent until plaintext of a TLS library came. */
  readonly fdSource?: FdSource;
}

interface EventBase {
  /** CLOCK_MONOTONIC, nanoseconds. A double holds these exactly for 104 days of uptime and to 4 ns for a year. */
  readonly timestampNs: number;
}

interface SocketEventBase extends EventBase {
  readonly connection: ConnectionInfo;
  /** Process id (thread group id) in the initial pid namespace. */
  readonly pid: number;
  readonly tid: number;
  /** -1 where it is not known. */
  readonly fd: number;
  /** Name of the thread, at most 15 bytes. */
  readonly comm: string;
}

/** A connection was accepted or established, or its addresses became known. May repeat for one connection. */
export interface ConnectEvent extends SocketEventBase {
  readonly type: 'connect';
  /** Bytes that have passed on the socket, where they are more than the data events told: ciphertext is not sent. */
  readonly raw?: ByteTotals;
}

/** The program asked for the local address of a connection. */
export interface GetsocknameEvent extends SocketEventBase {
  readonly type: 'getsockname';
}

/** Why captured bytes are fewer than transferred ones. */
export type GapReason =
  /** The ring buffer had no room. */
  | 'ring-full'
  /** Reading the program's memory failed. */
  | 'copy-failed'
  /** More bytes in one call than the source copies. */
  | 'call-limit'
  /** The kernel moved the bytes without the program's memory (sendfile, splice). */
  | 'zero-copy'
  /** The program threw the bytes away unread (MSG_TRUNC). */
  | 'discarded'
  /** The offset jumped and the source does not know why. */
  | 'unknown';

export interface DataEvent extends SocketEventBase {
  readonly type: 'data';
  readonly direction: Direction;
  readonly layer: Layer;
  /** Raw bytes that belong to a TLS handshake or TLS records: never plaintext of the application. */
  readonly encrypted: boolean;
  /** Offset of the first byte, per connection, layer and direction. */
  readonly offset: number;
  /** Plaintext of this connection may have passed before its TLS library was observed. */
  readonly joinedLate?: true;
  /** Transferred bytes. `bytes.length` is smaller when the tail was not captured: `gapReason` says why. */
  readonly length: number;
  /** Captured bytes, a prefix of the transferred ones. Borrowed: valid until the listener returns. */
  readonly bytes: Buffer;
  readonly gapReason?: GapReason;
}

export interface ByteTotals {
  readonly ingress: number;
  readonly egress: number;
}

/** The last holder closed the connection, or the kernel ended it. Sent once. */
export interface CloseEvent extends SocketEventBase {
  readonly type: 'close';
  /** Transferred bytes per layer and direction, captured or not: what is missing in the data events was lost. */
  readonly raw: ByteTotals;
  readonly tls: ByteTotals;
  /**
   * Its plaintext was sent under this other id, because it came before its socket was known. That connection ends with
   * this one. Absent: plaintext, if any, has this connection's own id.
   */
  readonly plaintextConnectionId?: number;
}

export interface ProcessEvent extends EventBase {
  readonly type: 'process';
  /** `running`: was there when it became a target, or more became known of it. */
  readonly action: 'running' | 'exec' | 'exit';
  readonly pid: number;
  readonly comm: string;
  /** Path of the executable, as the process sees it. Absent at exit and where it could not be read. */
  readonly exe?: string;
  /** Whole id of the container that it runs in, where it does. */
  readonly containerId?: string;
  /** Why TLS of this process cannot be read, where something in it says so. */
  readonly tlsBlindSpot?: { readonly code: string; readonly message: string };
}

/** Events or bytes that the source had to drop since the last such event. */
export interface LostEvent extends EventBase {
  readonly type: 'lost';
  /** Stable, kebab-case; the source documents its causes. */
  readonly cause: string;
  readonly events: number;
  readonly bytes: number;
}

export type TapEvent = ConnectEvent | GetsocknameEvent | DataEvent | CloseEvent | ProcessEvent | LostEvent;
