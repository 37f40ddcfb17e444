// SPDX-License-Identifier: Apache-2.0
import { fstatSync, readSync } from 'node:fs';

// ELF64, little-endian: System V ABI, chapters 4 and 5.
const MAGIC = 0x464c457f;
const CLASS_64 = 2;
const LITTLE_ENDIAN = 1;
const HEADER_BYTES = 64;
const SECTION_BYTES = 64;
const SECTION_SYMTAB = 2;
const SECTION_DYNSYM = 11;
const SEGMENT_BYTES = 56;
const SEGMENT_LOAD = 1;
export const SYMBOL_BYTES = 24;
const SYMBOL_FUNCTION = 2;
/** A symbol table larger than this is not read: hostile or not a program. */
const MAX_TABLE_BYTES = 256 * 1024 * 1024;

interface FunctionSymbol {
  readonly address: number;
  readonly bytes: number;
}

/** Where a function is in a file. */
export interface FileFunction {
  readonly offset: number;
  /** Of code; 0 where the file does not tell. */
  readonly bytes: number;
}

interface Section {
  readonly type: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
}

/** An open file; any process can bring one along, so nothing that it says of itself is believed. */
export interface ElfFile {
  readonly fd: number;
  readonly bytes: number;
}

export function openElf(fd: number): ElfFile | undefined {
  const stat = fstatSync(fd);
  return stat.isFile() ? { fd, bytes: stat.size } : undefined;
}

/** Undefined where the file has no such bytes, or more than would ever be asked for. */
export function read(file: ElfFile, offset: number, bytes: number): Buffer | undefined {
  // Before memory is taken for it: a header may claim anything.
  if (bytes > MAX_TABLE_BYTES || offset + bytes > file.bytes) return undefined;
  const buffer = Buffer.allocUnsafe(bytes);
  try {
    return readSync(file.fd, buffer, 0, bytes, offset) === bytes ? buffer : undefined;
  } catch {
    return undefined; // a disk or network error, or the file was cut meanwhile
  }
}

export const u64 = (buffer: Buffer, at: number) => Number(buffer.readBigUInt64LE(at));

function readTable(
  file: ElfFile,
  header: Buffer,
  at: { readonly offset: number; readonly entryBytes: number; readonly count: number },
  minEntryBytes: number,
): Buffer[] | undefined {
  const entryBytes = header.readUInt16LE(at.entryBytes);
  const count = header.readUInt16LE(at.count);
  if (entryBytes < minEntryBytes) return undefined;
  const table = read(file, u64(header, at.offset), entryBytes * count);
  return table && Array.from({ length: count }, (_, i) => table.subarray(i * entryBytes, (i + 1) * entryBytes));
}

/** The program and section headers of an ELF file of the kind that is looked into, entry by entry. */
export interface ElfHeaders {
  readonly header: Buffer;
  readonly segments: readonly Buffer[] | undefined;
  readonly sections: readonly Buffer[] | undefined;
}

/** Undefined for what is not a 64-bit little-endian ELF file. */
export function readHeaders(file: ElfFile): ElfHeaders | undefined {
  const header = read(file, 0, HEADER_BYTES);
  if (!header || header.readUInt32LE(0) !== MAGIC) return undefined;
  if (header.readUInt8(4) !== CLASS_64 || header.readUInt8(5) !== LITTLE_ENDIAN) return undefined;
  return {
    header,
    segments: readTable(file, header, { offset: 32, entryBytes: 54, count: 56 }, SEGMENT_BYTES),
    sections: readTable(file, header, { offset: 40, entryBytes: 58, count: 60 }, SECTION_BYTES),
  };
}

/** Uprobes are placed by file offset, symbols give virtual addresses. */
export function toFileOffset(segments: readonly Buffer[], address: number): number | undefined {
  for (const segment of segments) {
    if (segment.readUInt32LE(0) !== SEGMENT_LOAD) continue;
    const start = u64(segment, 16);
    if (address >= start && address < start + u64(segment, 32)) return address - start + u64(segment, 8);
  }
  return undefined;
}

function addSymbols(
  file: ElfFile,
  table: Section,
  names: Section,
  wanted: ReadonlySet<string>,
  found: Map<string, FunctionSymbol>,
): void {
  const symbols = read(file, table.offset, table.size);
  const strings = read(file, names.offset, names.size);
  if (!symbols || !strings) return;
  const beginnings = new Set([...wanted].map((name) => Buffer.from(name.padEnd(4)).readUInt32LE(0)));
  for (let at = 0; at + SYMBOL_BYTES <= symbols.length; at += SYMBOL_BYTES) {
    const address = u64(symbols, at + 8);
    // st_info: the type is in the low four bits; an undefined symbol has address 0.
    if (address === 0 || (symbols.readUInt8(at + 4) & 0xf) !== SYMBOL_FUNCTION) continue;
    const start = symbols.readUInt32LE(at);
    // Most names differ here already, and programs with a hundred thousand of them shall not wait for their probes.
    if (start + 4 > strings.length || !beginnings.has(strings.readUInt32LE(start))) continue;
    const end = strings.indexOf(0, start);
    if (end - start < 5 || end - start > 64) continue;
    const name = strings.toString('latin1', start, end);
    if (wanted.has(name)) found.set(name, { address, bytes: u64(symbols, at + 16) });
  }
}

/**
 * Functions that an ELF file exports (.dynsym), or where it exports none of these, those that it has (.symtab, unless it was
 * stripped).
 * Empty for what is not a 64-bit little-endian ELF file or does not have them. Does not throw, whatever the file holds.
 */
export function findFunctions(fd: number, wanted: ReadonlySet<string>): Map<string, FileFunction> {
  const found = new Map<string, FileFunction>();
  const file = openElf(fd);
  const headers = file && readHeaders(file);
  const segments = headers?.segments;
  const sections = headers?.sections?.map(
    (entry): Section => ({
      type: entry.readUInt32LE(4),
      offset: u64(entry, 24),
      size: u64(entry, 32),
      link: entry.readUInt32LE(40),
    }),
  );
  if (!file || !segments || !sections) return found;
  const functions = new Map<string, FunctionSymbol>();
  // One table of each type is all that the ABI allows; more would make the work a multiple of the file.
  for (const type of [SECTION_DYNSYM, SECTION_SYMTAB]) {
    const table = sections.find((section) => section.type === type);
    const names = table && sections[table.link];
    if (names) addSymbols(file, table, names, wanted, functions);
    // What a file exports, all of it exports: there is no need to read the larger table, too.
    if (functions.size > 0) break;
  }
  for (const [name, { address, bytes }] of functions) {
    const offset = toFileOffset(segments, address);
    if (offset !== undefined && offset < file.bytes) found.set(name, { offset, bytes });
  }
  return found;
}
