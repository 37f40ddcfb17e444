// SPDX-License-Identifier: Apache-2.0
import type {
  CloseEvent,
  ConnectEvent,
  ConnectionInfo,
  DataEvent,
  Direction,
  Endpoint,
  FdSource,
  GapReason,
  GetsocknameEvent,
  Layer,
  Role,
} from '@flowtap/core';
import { formatIpv4, formatIpv6 } from './ip-address.js';
import {
  ABI_VERSION,
  ADDRESSES,
  ALIGNMENT,
  CLOSE,
  COMM_BYTES,
  CONNECT,
  DATA,
  HEADER,
  HeaderFlag,
  MAP,
  PROCESS,
  RecordType,
} from './record-layout.js';

/** A process of a target changed: raw form, before user space adds what only /proc knows. */
export interface ProcessRecord {
  readonly timestampNs: number;
  readonly pid: number;
  readonly comm: string;
  readonly action: 'exec' | 'exit';
  /** It was sent SIGSTOP and waits for SIGCONT. */
  readonly stopped: boolean;
  /** As given to execve; empty at exit. */
  readonly filename: string;
  /** That it belongs to. */
  readonly target: number;
}

/** A target mapped an executable file. */
export interface MapRecord {
  readonly pid: number;
  readonly start: bigint;
  readonly inode: bigint;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  /** That the process belongs to. */
  readonly target: number;
}

export interface RecordHandler {
  connect(event: ConnectEvent): void;
  getsockname(event: GetsocknameEvent): void;
  data(event: DataEvent): void;
  close(event: CloseEvent): void;
  process(record: ProcessRecord): void;
  map(record: MapRecord): void;
  /** Between two records, after every 16 KiB of them. */
  step(): void;
  /** A record that this decoder cannot read; the rest of the batch is skipped. */
  invalid(reason: string): void;
}

const ROLES: readonly Role[] = ['unknown', 'client', 'server'];
const FAMILY = { ipv4: 1, ipv6: 2, unix: 3 } as const;
const DIRECTIONS: readonly Direction[] = ['ingress', 'egress'];
const LAYERS: readonly Layer[] = ['raw', 'tls'];
const GAPS: readonly (GapReason | undefined)[] = [undefined, 'copy-failed', 'call-limit', 'zero-copy', 'discarded'];

/** Order of `enum flowtap_fd_source`. */
const FD_SOURCES: readonly FdSource[] = ['unknown', 'set-fd', 'nested-call', 'last-read', 'go'];

/** What is kept of a connection, so that its strings are made once and not for each event. */
interface Known {
  info: ConnectionInfo;
  tid: number;
  comm: string;
  /** `#execs` when `comm` was read: a program that replaces itself keeps its thread id and changes its name. */
  execs: number;
}

/** Records of some ten small exchanges: about a tenth of a millisecond. */
const STEP_BYTES = 16 * 1024;

/** Connections whose close record was lost must not add up. */
const MAX_KNOWN = 65_536;

/** Bytes of each type's record, payload apart: nothing beyond a record is read as its member. */
const RECORD_BYTES: readonly (number | undefined)[] = [
  undefined,
  CONNECT.bytes,
  CONNECT.bytes,
  DATA.bytes,
  CLOSE.bytes,
  PROCESS.bytes,
  MAP.bytes,
];

function isComplete(type: number, size: number): boolean {
  return size >= (RECORD_BYTES[type] ?? HEADER.bytes);
}

/** Turns batches of records into typed events. Sees each record once; `DataEvent.bytes` is a view of the batch. */
export class RecordDecoder {
  readonly #handler: RecordHandler;
  readonly #known = new Map<number, Known>();
  #execs = 0;
  /** Of the next record in the batch. */
  #at = 0;
  #batch: Buffer = Buffer.alloc(0);
  /** Bytes of it that hold records. */
  #end = 0;
  #view: DataView = new DataView(new ArrayBuffer(0));

  constructor(handler: RecordHandler) {
    this.#handler = handler;
  }

  /** What a handler throws becomes an uncaught exception, and costs no other record. */
  decode(batch: Buffer, bytes: number = batch.length): void {
    if (batch !== this.#batch) {
      this.#batch = batch;
      this.#view = new DataView(batch.buffer, batch.byteOffset, batch.byteLength);
    }
    this.#end = bytes;
    this.#at = 0;
    for (let isDone = false; !isDone; ) {
      try {
        this.#records();
        isDone = true;
      } catch (error) {
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  #records(): void {
    let nextStep = this.#at + STEP_BYTES;
    while (this.#at + HEADER.bytes <= this.#end) {
      const at = this.#at;
      const size = this.#u32(at + HEADER.size);
      const version = this.#view.getUint8(at + HEADER.version);
      const left = this.#end - at;
      this.#at = at + Math.ceil(size / ALIGNMENT) * ALIGNMENT;
      if (version !== ABI_VERSION || size > left || !isComplete(this.#u16(at + HEADER.type), size)) {
        this.#at = this.#end;
        this.#handler.invalid(`record of ${size} bytes, version ${version}, at ${at} of ${this.#end}`);
        return;
      }
      this.#record(at, size);
      if (this.#at < nextStep) continue;
      nextStep = this.#at + STEP_BYTES;
      this.#handler.step();
    }
    if (this.#at < this.#end) {
      const left = this.#end - this.#at;
      this.#at = this.#end;
      this.#handler.invalid(`batch with ${left} bytes after its last record`);
    }
  }

  #record(at: number, size: number): void {
    const type = this.#u16(at + HEADER.type);
    switch (type) {
      case RecordType.data:
        this.#data(at, size);
        break;
      case RecordType.connect:
        this.#handler.connect({ type: 'connect', ...this.#socketEvent(at, this.#learn(at, true)) });
        break;
      case RecordType.getsockname:
        this.#handler.getsockname({ type: 'getsockname', ...this.#socketEvent(at, this.#learn(at, false)) });
        break;
      case RecordType.close:
        this.#close(at);
        break;
      case RecordType.process:
        this.#process(at);
        break;
      case RecordType.map:
        this.#map(at);
        break;
      default:
        this.#handler.invalid(`record of type ${type}`);
    }
  }

  #map(at: number): void {
    this.#handler.map({
      pid: this.#u32(at + HEADER.pid),
      start: this.#view.getBigUint64(at + MAP.start, true),
      inode: this.#view.getBigUint64(at + MAP.inode, true),
      deviceMajor: this.#u32(at + MAP.deviceMajor),
      deviceMinor: this.#u32(at + MAP.deviceMinor),
      target: this.#u32(at + MAP.target),
    });
  }

  #data(at: number, size: number): void {
    const known = this.#known.get(this.#u64(at + HEADER.connectionId)) ?? this.#learn(at, false);
    const tid = this.#u32(at + HEADER.tid);
    if (tid !== known.tid || known.execs !== this.#execs) {
      known.tid = tid;
      known.execs = this.#execs;
      known.comm = this.#comm(at);
    }
    const bytes = this.#batch.subarray(at + DATA.bytes, at + size);
    const gapReason = GAPS[this.#view.getUint8(at + DATA.gap)];
    const layer = LAYERS[this.#view.getUint8(at + DATA.layer)] ?? 'raw';
    if (layer === 'tls') {
      const fdSource = FD_SOURCES[this.#view.getUint8(at + DATA.fdSource)] ?? 'unknown';
      if (known.info.fdSource !== fdSource) known.info = { ...known.info, fdSource };
    }
    const event: DataEvent = {
      type: 'data',
      timestampNs: this.#u64(at + HEADER.timestampNs),
      connection: known.info,
      pid: this.#u32(at + HEADER.pid),
      tid,
      fd: this.#view.getInt32(at + HEADER.fd, true),
      comm: known.comm,
      direction: DIRECTIONS[this.#view.getUint8(at + DATA.direction)] ?? 'ingress',
      layer,
      encrypted: (this.#view.getUint8(at + HEADER.flags) & HeaderFlag.encrypted) !== 0,
      offset: this.#u64(at + DATA.offset),
      length: this.#u32(at + DATA.length),
      bytes,
    };
    const joinedLate = layer === 'tls' && (this.#view.getUint8(at + HEADER.flags) & HeaderFlag.plaintextLate) !== 0;
    if (gapReason === undefined && !joinedLate) this.#handler.data(event);
    else this.#handler.data({ ...event, ...(gapReason && { gapReason }), ...(joinedLate && { joinedLate }) });
  }

  #close(at: number): void {
    const id = this.#u64(at + HEADER.connectionId);
    const known = this.#known.get(id) ?? this.#learn(at, false);
    this.#known.delete(id);
    const plaintextId = this.#u64(at + CLOSE.plaintextId);
    this.#handler.close({
      type: 'close',
      ...this.#socketEvent(at, known),
      raw: { ingress: this.#u64(at + CLOSE.rawIngress), egress: this.#u64(at + CLOSE.rawEgress) },
      tls: { ingress: this.#u64(at + CLOSE.tlsIngress), egress: this.#u64(at + CLOSE.tlsEgress) },
      ...(plaintextId === 0 ? {} : { plaintextConnectionId: plaintextId }),
    });
  }

  #process(at: number): void {
    this.#execs += 1;
    this.#handler.process({
      timestampNs: this.#u64(at + HEADER.timestampNs),
      pid: this.#u32(at + HEADER.pid),
      comm: this.#comm(at),
      action: this.#u32(at + PROCESS.action) === 1 ? 'exec' : 'exit',
      stopped: this.#u32(at + PROCESS.stopped) !== 0,
      filename: this.#text(at + PROCESS.filename, PROCESS.filenameBytes, 'utf8'),
      target: this.#u32(at + PROCESS.target),
    });
  }

  #socketEvent(at: number, known: Known) {
    return {
      timestampNs: this.#u64(at + HEADER.timestampNs),
      connection: known.info,
      pid: this.#u32(at + HEADER.pid),
      tid: this.#u32(at + HEADER.tid),
      fd: this.#view.getInt32(at + HEADER.fd, true),
      comm: this.#comm(at),
    };
  }

  /** Takes what a record says of its connection. */
  #learn(at: number, hasPaths: boolean): Known {
    const id = this.#u64(at + HEADER.connectionId);
    const family = this.#view.getUint8(at + HEADER.family);
    const before = this.#known.get(id);
    if (before && !hasPaths) return before;
    const info: ConnectionInfo = {
      id,
      role: ROLES[this.#view.getUint8(at + HEADER.role)] ?? 'unknown',
      transport: family === FAMILY.unix ? 'unix' : family === FAMILY.ipv4 || family === FAMILY.ipv6 ? 'tcp' : 'unknown',
      joinedLate: (this.#view.getUint8(at + HEADER.flags) & HeaderFlag.joinedLate) !== 0,
      ...this.#endpoints(at, family, hasPaths),
    };
    const known: Known = { info, tid: this.#u32(at + HEADER.tid), comm: this.#comm(at), execs: this.#execs };
    if (this.#known.size >= MAX_KNOWN) this.#forgetOldest();
    this.#known.set(id, known);
    return known;
  }

  #forgetOldest(): void {
    const oldest = this.#known.keys().next();
    if (!oldest.done) this.#known.delete(oldest.value);
  }

  #endpoints(at: number, family: number, hasPaths: boolean): { local?: Endpoint; remote?: Endpoint } {
    switch (family) {
      case FAMILY.ipv4:
      case FAMILY.ipv6: {
        const format = family === FAMILY.ipv4 ? formatIpv4 : formatIpv6;
        return {
          local: { address: format(this.#batch, at + ADDRESSES.local), port: this.#u16(at + ADDRESSES.localPort) },
          remote: { address: format(this.#batch, at + ADDRESSES.remote), port: this.#u16(at + ADDRESSES.remotePort) },
        };
      }
      case FAMILY.unix:
        if (!hasPaths) return {};
        return {
          local: { path: this.#path(at + CONNECT.localPath, this.#u16(at + CONNECT.localPathBytes)) },
          remote: { path: this.#path(at + CONNECT.remotePath, this.#u16(at + CONNECT.remotePathBytes)) },
        };
      default:
        return {};
    }
  }

  /** unix(7): a path ends at its NUL; an abstract name begins with one and may contain more. */
  #path(at: number, bytes: number): string {
    if (bytes === 0) return '';
    if (this.#batch[at] === 0) return `@${this.#batch.toString('utf8', at + 1, at + bytes)}`;
    return this.#text(at, bytes, 'utf8');
  }

  #comm(at: number): string {
    return this.#text(at + HEADER.comm, COMM_BYTES, 'latin1');
  }

  #text(at: number, maxBytes: number, encoding: 'latin1' | 'utf8'): string {
    let end = at;
    while (end < at + maxBytes && this.#batch[end] !== 0) end++;
    return this.#batch.toString(encoding, at, end);
  }

  #u16(at: number): number {
    return this.#view.getUint16(at, true);
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, true);
  }

  /** Ids, times and offsets stay below 2^53: no need for the cost of a bigint. */
  #u64(at: number): number {
    return this.#view.getUint32(at + 4, true) * 0x1_0000_0000 + this.#view.getUint32(at, true);
  }
}
