// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '@flowtap/core';
import { type FrameListener, FrameReader } from './frame/frame-reader.js';
import type { Settings } from './frame/payload.js';
import type { HeaderBlock } from './header-block.js';
import { DEFAULT_TABLE_SIZE, HpackDecoder } from './hpack/decoder.js';
import { DEFAULT_MAX_FRAME_SIZE, LARGEST_FRAME_SIZE, MAX_UNACKNOWLEDGED_SETTINGS } from './limits.js';

/** One direction: its frames, its header compression, and what the other side allows it. */
export class Side {
  readonly direction: Direction;
  readonly reader: FrameReader;
  decoder: HpackDecoder;
  /** A header block of which frames are still to come. */
  block: HeaderBlock | undefined = undefined;
  /** Header blocks were decoded. */
  hasBlocks = false;
  /** Largest table that the other side allows and this one has acknowledged; undefined when not known. */
  tableLimit: number | undefined;
  /** Settings of the other side that this one has not acknowledged. */
  readonly #offered: Settings[] = [];
  /** Acknowledgements that were seen before what they acknowledge. */
  #acknowledgedAhead = 0;
  #isLate: boolean;

  constructor(direction: Direction, listener: FrameListener, joinedLate: boolean, maxHeaderBytes: number) {
    this.direction = direction;
    this.reader = new FrameReader(direction, listener, joinedLate, maxHeaderBytes);
    this.decoder = new HpackDecoder(joinedLate);
    this.tableLimit = joinedLate ? undefined : DEFAULT_TABLE_SIZE;
    this.#isLate = joinedLate;
  }

  /** The connection began within the capture: nothing is in the tables yet. */
  beginFresh(): void {
    this.decoder = new HpackDecoder(false);
    this.tableLimit = DEFAULT_TABLE_SIZE;
    this.#isLate = false;
    this.reader.maxFrameSize = DEFAULT_MAX_FRAME_SIZE;
    if (this.reader.isUntouched) this.reader.beginFresh();
  }

  /** The other side sent SETTINGS. They hold for this one from its acknowledgement on (RFC 9113 §6.5.3). */
  offer(settings: Settings): void {
    if (this.#acknowledgedAhead > 0) {
      this.#acknowledgedAhead -= 1;
      this.#apply(settings);
      return;
    }
    this.#offered.push(settings);
    if (this.#offered.length > MAX_UNACKNOWLEDGED_SETTINGS) this.#offered.shift();
  }

  acknowledge(): void {
    const settings = this.#offered.shift();
    if (settings !== undefined) {
      this.#apply(settings);
    } else if (!this.#isLate) {
      // Two threads of a program may be seen in the wrong order. Until the settings are seen, anything may be allowed.
      this.#acknowledgedAhead += 1;
      this.reader.maxFrameSize = LARGEST_FRAME_SIZE;
      this.tableLimit = undefined;
    }
  }

  #apply({ headerTableSize, maxFrameSize }: Settings): void {
    if (maxFrameSize !== undefined && maxFrameSize >= DEFAULT_MAX_FRAME_SIZE) {
      this.reader.maxFrameSize = Math.min(maxFrameSize, LARGEST_FRAME_SIZE);
    }
    if (headerTableSize !== undefined) this.tableLimit = headerTableSize;
  }
}
