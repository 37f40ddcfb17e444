// SPDX-License-Identifier: Apache-2.0
import { type HttpHeader, latin1 } from '@flowtap/core';
import { DynamicTable, ENTRY_OVERHEAD } from './dynamic-table.js';
import { decodeHuffman, huffmanRoom } from './huffman.js';
import { decodeInteger, type IntegerResult } from './integer.js';
import { FIRST_DYNAMIC_INDEX, STATIC_TABLE } from './static-table.js';

/** RFC 9113 §6.5.2: SETTINGS_HEADER_TABLE_SIZE before any SETTINGS. */
export const DEFAULT_TABLE_SIZE = 4096;

/** However large a table the endpoints agree on, the decoder remembers this much. What is beyond becomes unknown. */
export const MAX_TABLE_SIZE = 262_144;

/** Name of a field that only the lost part of a table could tell. No field can have it: a parenthesis is no token. */
export const UNKNOWN_NAME = '(unknown)';

const UNKNOWN_FIELD: HttpHeader = [UNKNOWN_NAME, ''];

/** Huffman text of one string; longer ones get a buffer of their own. */
const SCRATCH_BYTES = 4096;
let sharedScratch: Buffer | undefined;

/** Takes the fields of a block in wire order. Those from the tables are shared objects. */
export interface FieldSink {
  field(field: HttpHeader): void;
}

/** How the decoding of a block went. */
export interface BlockState {
  /** Some fields could not be known: they have `UNKNOWN_NAME`. */
  readonly isIncomplete: boolean;
  /** Fields beyond `maxListBytes` were left out. */
  readonly isTruncated: boolean;
  /** The block breaks RFC 7541; what came before was decoded. The table is lost. */
  readonly isBroken: boolean;
}

export interface DecodedBlock extends BlockState {
  /** In wire order. Fields from the tables are shared objects. */
  readonly headers: readonly HttpHeader[];
}

/**
 * Decodes the header blocks of one direction of a connection (RFC 7541); must see every one of them, in order. Names and
 * values are latin1: one character per byte. Without I/O and without exceptions.
 */
export class HpackDecoder {
  /** Part of the table is not known: entries that were made before the decoder saw the stream, or in a gap. */
  #isPartial: boolean;
  /** Size that the encoder has given its table. */
  #encoderCapacity = DEFAULT_TABLE_SIZE;
  readonly #table = new DynamicTable(DEFAULT_TABLE_SIZE);
  readonly #integer: IntegerResult = { value: 0, next: 0 };
  #position = 0;
  #end = 0;
  #isBroken = false;
  #isIncomplete = false;

  constructor(isPartial: boolean) {
    this.#isPartial = isPartial;
  }

  get tableSize(): number {
    return this.#table.size;
  }

  /** The table's capacity, as the encoder has announced it. */
  get capacity(): number {
    return this.#encoderCapacity;
  }

  /** Header blocks were missed: nothing that is in the table can be trusted to be at its index. */
  lose(): void {
    this.#table.clear();
    this.#isPartial = true;
  }

  /** Decode one block. `maxListBytes` counts as RFC 9113 §6.5.2 does: name, value and 32 for each field. */
  decode(bytes: Buffer, start: number, end: number, maxListBytes: number): DecodedBlock {
    const headers: HttpHeader[] = [];
    const state = this.decodeInto({ field: (field) => headers.push(field) }, bytes, start, end, maxListBytes);
    return { headers, ...state };
  }

  /** The same for somebody who needs no list. */
  decodeInto(sink: FieldSink, bytes: Buffer, start: number, end: number, maxListBytes: number): BlockState {
    let listBytes = 0;
    this.#position = start;
    this.#end = end;
    this.#isBroken = false;
    this.#isIncomplete = false;
    while (this.#position < end) {
      const first = bytes[this.#position] as number;
      let field: HttpHeader;
      if (first >= 0x80) {
        // RFC 7541 §6.1
        field = this.#lookUp(this.#readInteger(bytes, 7));
      } else if (first >= 0x40) {
        // RFC 7541 §6.2.1
        field = this.#readLiteral(bytes, 6);
        if (!this.#isBroken) this.#insert(field);
      } else if (first >= 0x20) {
        this.#resize(this.#readInteger(bytes, 5));
        if (this.#isBroken) break;
        continue;
      } else {
        // RFC 7541 §6.2.2, §6.2.3
        field = this.#readLiteral(bytes, 4);
      }
      if (this.#isBroken) break;
      listBytes += field[0].length + field[1].length + ENTRY_OVERHEAD;
      // Beyond the limit the block is still read, for the sake of the table.
      if (listBytes <= maxListBytes) sink.field(field);
    }
    if (this.#isBroken) this.lose();
    return {
      isIncomplete: this.#isIncomplete,
      isTruncated: listBytes > maxListBytes,
      isBroken: this.#isBroken,
    };
  }

  #lookUp(index: number): HttpHeader {
    if (index < FIRST_DYNAMIC_INDEX) {
      if (index <= 0) this.#isBroken = true;
      return STATIC_TABLE[index] ?? UNKNOWN_FIELD;
    }
    const age = index - FIRST_DYNAMIC_INDEX;
    if (age < this.#table.count) {
      const field = this.#table.get(age);
      if (field[0] === UNKNOWN_NAME) this.#isIncomplete = true;
      return field;
    }
    // An encoder never refers to an entry that its table has dropped: where nothing was missed this is an error.
    if (this.#isPartial && age <= this.#encoderCapacityBound / ENTRY_OVERHEAD) this.#isIncomplete = true;
    else this.#isBroken = true;
    return UNKNOWN_FIELD;
  }

  /** The size of a table whose beginning was not seen is anybody's guess. */
  get #encoderCapacityBound(): number {
    return Math.max(this.#encoderCapacity, MAX_TABLE_SIZE * 16);
  }

  #readLiteral(bytes: Buffer, prefixBits: number): HttpHeader {
    const index = this.#readInteger(bytes, prefixBits);
    let name: string;
    if (index === 0) name = this.#readString(bytes);
    else name = this.#lookUp(index)[0];
    const value = this.#isBroken ? '' : this.#readString(bytes);
    return [name, value];
  }

  #insert(field: HttpHeader): void {
    const table = this.#table;
    const size = field[0].length + field[1].length + ENTRY_OVERHEAD;
    // Where the encoder's table is larger than ours, it still has what we drop.
    if (this.#encoderCapacity > table.capacity && table.size + size > table.capacity) this.#isPartial = true;
    table.add(field);
  }

  /** RFC 7541 §6.3 */
  #resize(capacity: number): void {
    if (this.#isBroken) return;
    this.#encoderCapacity = capacity;
    this.#table.resize(Math.min(capacity, MAX_TABLE_SIZE));
  }

  /** RFC 7541 §5.1 */
  #readInteger(bytes: Buffer, prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    const prefix = (bytes[this.#position] as number) & mask;
    if (prefix < mask) {
      this.#position += 1;
      return prefix;
    }
    const integer = this.#integer;
    if (!decodeInteger(bytes, this.#position, this.#end, mask, integer)) {
      this.#isBroken = true;
      return 0;
    }
    this.#position = integer.next;
    return integer.value;
  }

  /** RFC 7541 §5.2 */
  #readString(bytes: Buffer): string {
    if (this.#position >= this.#end) {
      this.#isBroken = true;
      return '';
    }
    const isHuffman = (bytes[this.#position] as number) >= 0x80;
    const length = this.#readInteger(bytes, 7);
    const start = this.#position;
    const end = start + length;
    if (this.#isBroken || end > this.#end) {
      this.#isBroken = true;
      return '';
    }
    this.#position = end;
    if (!isHuffman) return length === 0 ? '' : latin1(bytes, start, end);
    const room = huffmanRoom(length);
    sharedScratch ??= Buffer.allocUnsafeSlow(SCRATCH_BYTES);
    const scratch = room <= SCRATCH_BYTES ? sharedScratch : Buffer.allocUnsafe(room);
    const textEnd = decodeHuffman(bytes, start, end, scratch, 0);
    if (textEnd === -1) {
      this.#isBroken = true;
      return '';
    }
    return latin1(scratch, 0, textEnd);
  }
}
