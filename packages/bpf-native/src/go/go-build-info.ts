// SPDX-License-Identifier: Apache-2.0
import { u64 } from '../elf/elf.js';
import type { ElfImage } from '../elf/elf-image.js';

// debug/buildinfo: what `go version <file>` reads.

const MAGIC = Buffer.from('\xff Go buildinf:', 'latin1');
const HEADER_BYTES = 32;
const POINTER_BYTES_AT = 14;
const FLAGS_AT = 15;
/** From Go 1.18 on the texts follow the header; before there are pointers to them. */
const FLAG_INLINE = 2;
const MAX_TEXT_BYTES = 256;

/** A Go release as numbers: [1, 19] of "go1.19.8". */
export type GoRelease = readonly [major: number, minor: number];

/** The version of Go that built a program, such as "go1.19.8"; undefined where the program does not tell. */
export function goVersion(image: ElfImage): string | undefined {
  const section = image.section('.go.buildinfo');
  const header = section && image.readFile(section.offset, HEADER_BYTES);
  if (!section || !header?.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  if (header.readUInt8(FLAGS_AT) & FLAG_INLINE) return inlineText(image, section.offset + HEADER_BYTES);
  if (header.readUInt8(POINTER_BYTES_AT) !== 8) return undefined;
  // A Go string: address, length.
  const text = image.pointer(section.address + 16);
  const start = text === undefined ? undefined : image.pointer(text);
  const length = text === undefined ? undefined : image.read(text + 8, 8);
  if (start === undefined || length === undefined) return undefined;
  return image.read(start, Math.min(u64(length, 0), MAX_TEXT_BYTES))?.toString('latin1');
}

function inlineText(image: ElfImage, offset: number): string | undefined {
  const content = image.readUpTo(offset, MAX_TEXT_BYTES);
  // Length as a varint of encoding/binary; a version is shorter than two of its bytes can say.
  const first = content[0] ?? 0;
  const isLong = first >= 0x80;
  const length = isLong ? (first & 0x7f) | ((content[1] ?? 0) << 7) : first;
  const start = isLong ? 2 : 1;
  return start + length <= content.length ? content.toString('latin1', start, start + length) : undefined;
}

/** The release in a version such as "go1.19.8", "go1.22rc1 X:loopvar" or "devel go1.25-0123abc"; undefined for others. */
export function goRelease(version: string): GoRelease | undefined {
  const match = /\bgo(\d+)\.(\d+)/.exec(version);
  return match?.[1] && match[2] ? [Number(match[1]), Number(match[2])] : undefined;
}
