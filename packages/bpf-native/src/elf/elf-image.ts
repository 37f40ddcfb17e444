// SPDX-License-Identifier: Apache-2.0
import { type ElfFile, openElf, read, readHeaders, SYMBOL_BYTES, toFileOffset, u64 } from './elf.js';

// System V ABI, chapter 5.
const SEGMENT_LOAD = 1;
const SEGMENT_DYNAMIC = 2;
const SEGMENT_NOTE = 4;
const SEGMENT_WRITABLE = 2;
const SECTION_NOBITS = 8;
const DYNAMIC = {
  linkageBytes: 2,
  strings: 5,
  symbols: 6,
  rela: 7,
  relaBytes: 8,
  linkage: 23,
} as const;
const DYNAMIC_ENTRY_BYTES = 16;
const RELA_BYTES = 24;
/** A longer name is not one of those that are looked for. */
const MAX_NAME_BYTES = 64;
/** R_X86_64_RELATIVE (x86-64 psABI), R_AARCH64_RELATIVE (AAELF64): the addend is the address. */
const RELATIVE = new Set([8, 1027]);

export interface Segment {
  readonly address: number;
  readonly offset: number;
  /** In the file: less than in memory where zeros follow. */
  readonly bytes: number;
  readonly isWritable: boolean;
}

export interface SectionRange {
  readonly address: number;
  readonly offset: number;
  readonly bytes: number;
}

/** An ELF file as the loader would lay it out. Nothing that it says of itself is believed; nothing here throws. */
export class ElfImage {
  readonly machine: number;
  readonly segments: readonly Segment[];
  readonly #file: ElfFile;
  readonly #segmentHeaders: readonly Buffer[];
  readonly #sections: ReadonlyMap<string, SectionRange>;
  #dynamic: ReadonlyMap<number, number> | undefined;
  #relocations: Buffer | undefined;

  private constructor(file: ElfFile, header: Buffer, segments: readonly Buffer[], sections: readonly Buffer[]) {
    this.#file = file;
    this.#segmentHeaders = segments;
    this.machine = header.readUInt16LE(18);
    this.segments = segments
      .filter((segment) => segment.readUInt32LE(0) === SEGMENT_LOAD)
      .map((segment) => ({
        address: u64(segment, 16),
        offset: u64(segment, 8),
        bytes: u64(segment, 32),
        isWritable: (segment.readUInt32LE(4) & SEGMENT_WRITABLE) !== 0,
      }));
    this.#sections = readSectionNames(file, sections, header.readUInt16LE(62));
  }

  /** Undefined for what is not a 64-bit little-endian ELF program. */
  static open(fd: number): ElfImage | undefined {
    const file = openElf(fd);
    const headers = file && readHeaders(file);
    if (!file || !headers?.segments) return undefined;
    return new ElfImage(file, headers.header, headers.segments, headers.sections ?? []);
  }

  get hasSections(): boolean {
    return this.#sections.size > 0;
  }

  get fileBytes(): number {
    return this.#file.bytes;
  }

  /** Where the loader puts everything, as text: files with the same code and another layout differ in it. */
  get layout(): string {
    return Buffer.concat(this.#segmentHeaders).toString('latin1');
  }

  section(...names: readonly string[]): SectionRange | undefined {
    return names.map((name) => this.#sections.get(name)).find((section) => section !== undefined);
  }

  readFile(offset: number, bytes: number): Buffer | undefined {
    return read(this.#file, offset, bytes);
  }

  read(address: number, bytes: number): Buffer | undefined {
    const offset = this.toFileOffset(address);
    return offset === undefined ? undefined : read(this.#file, offset, bytes);
  }

  /** Fewer bytes than `bytes` where the file ends. */
  readUpTo(offset: number, bytes: number): Buffer {
    return read(this.#file, offset, Math.max(0, Math.min(bytes, this.#file.bytes - offset))) ?? Buffer.alloc(0);
  }

  toFileOffset(address: number): number | undefined {
    return toFileOffset(this.#segmentHeaders, address);
  }

  toAddress(offset: number): number | undefined {
    const segment = this.segments.find(({ offset: start, bytes }) => offset >= start && offset < start + bytes);
    return segment && offset - segment.offset + segment.address;
  }

  /** A pointer as the loader leaves it there, for a program that is loaded at the addresses that the file names. */
  pointer(address: number): number | undefined {
    const [target] = this.#relativeEntries(0, address);
    if (target !== undefined) return u64(target, 16);
    const content = this.read(address, 8);
    return content && u64(content, 0);
  }

  /** Addresses of pointers to this address in the data of the program. */
  pointersTo(address: number): number[] {
    const found = [...this.#relativeEntries(16, address)].map((entry) => u64(entry, 0));
    if (found.length > 0) return found;
    const pattern = Buffer.alloc(8);
    pattern.writeBigUInt64LE(BigInt(address));
    for (const segment of this.segments.filter(({ isWritable }) => isWritable)) {
      const content = read(this.#file, segment.offset, segment.bytes);
      if (!content) continue;
      for (let at = content.indexOf(pattern); at >= 0; at = content.indexOf(pattern, at + 1)) {
        if (at % 8 === 0) found.push(segment.address + at);
      }
    }
    return found;
  }

  /** Name of the function whose address the dynamic linker puts there for the procedure linkage table. */
  importedName(address: number): string | undefined {
    const table = this.#dynamicTable(DYNAMIC.linkage, DYNAMIC.linkageBytes);
    for (let at = 0; table !== undefined && at + RELA_BYTES <= table.length; at += RELA_BYTES) {
      if (u64(table, at) === address) return this.#dynamicSymbolName(table.readUInt32LE(at + 12));
    }
    return undefined;
  }

  /** Description of the first note of this owner and type (System V ABI, chapter 5: note section). */
  note(owner: string, type: number): Buffer | undefined {
    for (const header of this.#segmentHeaders.filter((segment) => segment.readUInt32LE(0) === SEGMENT_NOTE)) {
      const notes = read(this.#file, u64(header, 8), u64(header, 32));
      for (let at = 0; notes && at + 12 <= notes.length; ) {
        const name = at + 12;
        const description = name + aligned(notes.readUInt32LE(at));
        const bytes = notes.readUInt32LE(at + 4);
        const isOwners = notes.toString('latin1', name, name + notes.readUInt32LE(at)) === `${owner}\0`;
        if (isOwners && notes.readUInt32LE(at + 8) === type) return notes.subarray(description, description + bytes);
        at = description + aligned(bytes);
      }
    }
    return undefined;
  }

  /** Relocations that add the load address, with this value in the member at `member`. */
  *#relativeEntries(member: number, value: number): Generator<Buffer> {
    this.#relocations ??= this.#dynamicTable(DYNAMIC.rela, DYNAMIC.relaBytes) ?? Buffer.alloc(0);
    const table = this.#relocations;
    const low = value % 2 ** 32;
    for (let at = 0; at + RELA_BYTES <= table.length; at += RELA_BYTES) {
      if (table.readUInt32LE(at + member) !== low || u64(table, at + member) !== value) continue;
      if (RELATIVE.has(table.readUInt32LE(at + 8))) yield table.subarray(at, at + RELA_BYTES);
    }
  }

  #dynamicTable(address: number, bytes: number): Buffer | undefined {
    const start = this.#dynamicEntries().get(address);
    const length = this.#dynamicEntries().get(bytes);
    return start === undefined || length === undefined ? undefined : this.read(start, length);
  }

  #dynamicSymbolName(index: number): string | undefined {
    const symbols = this.#dynamicEntries().get(DYNAMIC.symbols);
    const symbol = symbols === undefined ? undefined : this.read(symbols + index * SYMBOL_BYTES, SYMBOL_BYTES);
    const strings = this.#dynamicEntries().get(DYNAMIC.strings);
    const offset = strings === undefined || !symbol ? undefined : this.toFileOffset(strings + symbol.readUInt32LE(0));
    if (offset === undefined) return undefined;
    const name = this.readUpTo(offset, MAX_NAME_BYTES);
    const end = name.indexOf(0);
    return end > 0 ? name.toString('latin1', 0, end) : undefined;
  }

  #dynamicEntries(): ReadonlyMap<number, number> {
    if (this.#dynamic !== undefined) return this.#dynamic;
    const header = this.#segmentHeaders.find((segment) => segment.readUInt32LE(0) === SEGMENT_DYNAMIC);
    const dynamic = header && read(this.#file, u64(header, 8), u64(header, 32));
    const entries = new Map<number, number>();
    for (let at = 0; dynamic && at + DYNAMIC_ENTRY_BYTES <= dynamic.length; at += DYNAMIC_ENTRY_BYTES) {
      entries.set(u64(dynamic, at), u64(dynamic, at + 8));
    }
    this.#dynamic = entries;
    return entries;
  }
}

/** Notes are padded to four bytes. */
function aligned(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

function readSectionNames(
  file: ElfFile,
  entries: readonly Buffer[],
  nameTable: number,
): ReadonlyMap<string, SectionRange> {
  const sections = new Map<string, SectionRange>();
  const names = entries[nameTable];
  const strings = names && read(file, u64(names, 24), u64(names, 32));
  if (!strings) return sections;
  for (const entry of entries) {
    if (entry.readUInt32LE(4) === SECTION_NOBITS) continue;
    const start = entry.readUInt32LE(0);
    const end = strings.indexOf(0, start);
    if (end <= start || end - start > 64) continue;
    const name = strings.toString('latin1', start, end);
    sections.set(name, { address: u64(entry, 16), offset: u64(entry, 24), bytes: u64(entry, 32) });
  }
  return sections;
}
