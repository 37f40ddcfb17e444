// SPDX-License-Identifier: Apache-2.0
import { type CloseEvent, type DataEvent, type Direction, type Layer, ReplaySource } from '@flowtap/core';

/** Bytes of a stream that were transferred and not captured. */
export interface Hole {
  readonly start: number;
  readonly end: number;
}

/** One direction of one layer of a connection, as an event log has it. */
export interface RecordedStream {
  /** Bytes that the log holds. */
  readonly delivered: number;
  readonly holes: readonly Hole[];
  /** Sum of the holes. */
  readonly lost: number;
  /** The captured bytes in order; zeros in the holes. */
  readonly bytes: Buffer;
}

export interface RecordedConnection {
  readonly id: number;
  readonly localPort: number | undefined;
  readonly remotePort: number | undefined;
  readonly isClosed: boolean;
  stream(layer: Layer, direction: Direction): RecordedStream;
}

type Piece = Pick<DataEvent, 'layer' | 'direction' | 'offset' | 'length' | 'encrypted'> & { readonly bytes: Buffer };

class Recording implements RecordedConnection {
  readonly id: number;
  localPort: number | undefined;
  remotePort: number | undefined;
  readonly pieces: Piece[] = [];
  close: CloseEvent | undefined;

  constructor(id: number) {
    this.id = id;
  }

  get isClosed(): boolean {
    return this.close !== undefined;
  }

  stream(layer: Layer, direction: Direction): RecordedStream {
    const pieces = this.pieces.filter((piece) => piece.layer === layer && piece.direction === direction);
    const total = this.close?.[layer][direction] ?? Math.max(0, ...pieces.map(({ offset, length }) => offset + length));
    const bytes = Buffer.alloc(total);
    const holes: Hole[] = [];
    let delivered = 0;
    let position = 0;
    for (const piece of pieces) {
      if (piece.offset < position) throw new Error(`bytes at ${piece.offset} came after those up to ${position}`);
      if (piece.offset > position) holes.push({ start: position, end: piece.offset });
      piece.bytes.copy(bytes, piece.offset);
      delivered += piece.bytes.length;
      position = piece.offset + piece.bytes.length;
      const end = piece.offset + piece.length;
      if (end > position) holes.push({ start: position, end });
      position = end;
    }
    if (total > position) holes.push({ start: position, end: total });
    const lost = holes.reduce((sum, hole) => sum + hole.end - hole.start, 0);
    return { delivered, holes, lost, bytes };
  }
}

/** Reads an event log of --record, connection by connection. */
export async function readEventLog(path: string): Promise<readonly RecordedConnection[]> {
  const connections = new Map<number, Recording>();
  const source = new ReplaySource({ path });
  const recordingOf = ({ connection }: DataEvent | CloseEvent): Recording => {
    let recording = connections.get(connection.id);
    if (recording === undefined) {
      recording = new Recording(connection.id);
      connections.set(connection.id, recording);
    }
    const { local, remote } = connection;
    if (local !== undefined && 'port' in local) recording.localPort = local.port;
    if (remote !== undefined && 'port' in remote) recording.remotePort = remote.port;
    return recording;
  };
  source.on('data', (event) => {
    // Borrowed until the listener returns.
    recordingOf(event).pieces.push({ ...event, bytes: Buffer.from(event.bytes) });
  });
  source.on('close', (event) => {
    recordingOf(event).close = event;
  });
  const ended = new Promise<void>((resolve) => source.once('end', resolve));
  await source.start();
  await ended;
  return [...connections.values()];
}
