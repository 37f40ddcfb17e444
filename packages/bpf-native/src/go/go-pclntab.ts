// SPDX-License-Identifier: Apache-2.0
import type { ElfImage } from '../elf/elf-image.js';

// Go's table of functions (golang.org/s/go12symtab; runtime/symtab.go, debug/gosym/pclntab.go). The runtime itself needs
// it to walk stacks, so that every Go program has it, stripped or not.

/** First word of the table, by the Go version that introduced it. */
const MAGIC = { go12: 0xffff_fffb, go116: 0xffff_fffa, go118: 0xffff_fff0, go120: 0xffff_fff1 } as const;
const MAGICS: ReadonlySet<number> = new Set(Object.values(MAGIC));
/** `.data.rel.ro.…` in position-independent programs before Go 1.26. */
const SECTIONS = ['.gopclntab', '.data.rel.ro.gopclntab'];
const POINTER_BYTES = 8;
const MAX_FUNCTIONS = 4_000_000;
/** `struct moduledata` from Go 1.16 on: the table's address comes first; then, at these offsets: */
const MODULE = { functionCount: 136, text: 176, textEnd: 184 } as const;

/** A function's code. */
export interface GoFunction {
  /** File offset. */
  readonly offset: number;
  readonly bytes: number;
}

export interface GoFunctions {
  /** First word of the table: tells the Go version roughly. */
  readonly magic: number;
  readonly functions: ReadonlyMap<string, GoFunction>;
}

interface Table {
  readonly address: number;
  readonly content: Buffer;
  readonly magic: number;
  readonly count: number;
}

/** Functions of a Go program by name; undefined for a program that is none, or of a Go that is not known. */
export function findGoFunctions(image: ElfImage, wanted: ReadonlySet<string>): GoFunctions | undefined {
  const table = findTable(image);
  if (!table) return undefined;
  const { magic } = table;
  const functions = new Map<string, GoFunction>();
  const layout = tableLayout(table);
  const start = isRelative(magic) ? textStart(image, table) : 0;
  if (!layout || start === undefined) return { magic, functions };
  const names = nameOffsets(layout.names, wanted);
  const addressOf = (index: number): number | undefined => {
    const at = layout.entries + index * layout.entryBytes;
    if (isRelative(magic)) return start + table.content.readUInt32LE(at);
    return image.pointer(table.address + at);
  };
  for (let index = 0; index < table.count && functions.size < names.size; index++) {
    const name = names.get(nameOffset(table, layout, index));
    if (name === undefined) continue;
    const entry = addressOf(index);
    const end = addressOf(index + 1); // one entry more than functions: the end of the last
    const offset = entry === undefined ? undefined : image.toFileOffset(entry);
    if (entry === undefined || end === undefined || offset === undefined || end <= entry) continue;
    functions.set(name, { offset, bytes: end - entry });
  }
  return { magic, functions };
}

function isRelative(magic: number): boolean {
  return magic === MAGIC.go118 || magic === MAGIC.go120;
}

/** Whether the calling convention is the newer one; undefined for a table that Go 1.16 and 1.17 share. */
export function hasRegisterAbi(magic: number): boolean | undefined {
  if (magic === MAGIC.go12) return false;
  return isRelative(magic) ? true : undefined;
}

interface Layout {
  /** Of the entries: address and offset of the function's data, for each. */
  readonly entries: number;
  readonly entryBytes: number;
  readonly data: number;
  readonly names: Buffer;
}

function tableLayout({ content, magic, count }: Table): Layout | undefined {
  // Header: magic, two zeros, quantum, pointer size, number of functions; from 1.16 on number of files, from 1.18 on
  // start of the code, and offsets of the parts: names, compilation units, files, program counters, functions.
  const word = (index: number) => Number(content.readBigUInt64LE(8 + index * POINTER_BYTES));
  const entryBytes = isRelative(magic) ? 8 : 2 * POINTER_BYTES;
  const parts = isRelative(magic) ? 3 : 2;
  const entries = magic === MAGIC.go12 ? 8 + POINTER_BYTES : word(parts + 4);
  const names = magic === MAGIC.go12 ? 0 : word(parts);
  const data = magic === MAGIC.go12 ? 0 : entries;
  if (entries + (count + 1) * entryBytes > content.length || names > content.length) return undefined;
  return { entries, entryBytes, data, names: content.subarray(names) };
}

/** Offset of a function's name among the names; -1 where the table is broken. */
function nameOffset({ content, magic }: Table, { entries, entryBytes, data }: Layout, index: number): number {
  const at = entries + index * entryBytes;
  const offset = isRelative(magic) ? content.readUInt32LE(at + 4) : Number(content.readBigUInt64LE(at + POINTER_BYTES));
  // struct _func: entry, then int32 nameOff.
  const name = data + offset + (isRelative(magic) ? 4 : POINTER_BYTES);
  return name + 4 <= content.length ? content.readInt32LE(name) : -1;
}

function nameOffsets(names: Buffer, wanted: ReadonlySet<string>): ReadonlyMap<number, string> {
  const offsets = new Map<number, string>();
  for (const name of wanted) {
    const at = names.indexOf(`\0${name}\0`, 0, 'latin1');
    if (at >= 0) offsets.set(at + 1, name);
  }
  return offsets;
}

function findTable(image: ElfImage): Table | undefined {
  const section = image.section(...SECTIONS);
  if (section) return readTable(image, section.offset, section.address, section.bytes);
  // C linkers put it into a section with other data, and nothing has a name where the section headers were taken away:
  // it is somewhere in what is loaded. Most files are no Go programs, and tell by their sections.
  if (image.hasSections && !image.section('.go.buildinfo')) return undefined;
  for (const { offset, address, bytes } of image.segments) {
    const content = image.readFile(offset, bytes);
    if (!content) continue;
    for (const magic of MAGICS) {
      const pattern = Buffer.alloc(4);
      pattern.writeUInt32LE(magic);
      for (let at = content.indexOf(pattern); at >= 0; at = content.indexOf(pattern, at + 1)) {
        const table = readTable(image, offset + at, address + at, bytes - at);
        if (table && tableLayout(table)) return table;
      }
    }
  }
  return undefined;
}

function readTable(image: ElfImage, offset: number, address: number, bytes: number): Table | undefined {
  const header = image.readFile(offset, Math.min(bytes, 96));
  if (!header || header.length < 96 || !MAGICS.has(header.readUInt32LE(0))) return undefined;
  const isHeader = header.readUInt16LE(4) === 0 && [1, 4].includes(header.readUInt8(6)) && header.readUInt8(7) === 8;
  const count = Number(header.readBigUInt64LE(8));
  if (!isHeader || count === 0 || count > MAX_FUNCTIONS) return undefined;
  const content = image.readFile(offset, bytes);
  return content && { address, content, magic: header.readUInt32LE(0), count };
}

/**
 * From Go 1.18 on the table holds distances from the start of Go's code. The module's own data tells it, in every
 * version and however the program was linked: `.text` begins with other code where a C linker made the program, and the
 * table's own member needs a relocation and was dropped in Go 1.26.
 */
function textStart(image: ElfImage, table: Table): number | undefined {
  for (const module of image.pointersTo(table.address)) {
    const count = image.read(module + MODULE.functionCount, POINTER_BYTES);
    if (count?.readBigUInt64LE() !== BigInt(table.count) + 1n) continue;
    const text = image.pointer(module + MODULE.text);
    const end = image.pointer(module + MODULE.textEnd);
    if (text !== undefined && end !== undefined && text < end && image.toFileOffset(text) !== undefined) return text;
  }
  return undefined;
}
