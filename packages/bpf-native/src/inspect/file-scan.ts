// SPDX-License-Identifier: Apache-2.0
import { open } from 'node:fs/promises';

/** Something to look for in a file. */
export interface Marker {
  /** Bytes that it begins with: the quick test. */
  readonly begins: string;
  /** What must be there, from those bytes on; its first group is the value that is found. */
  readonly pattern: RegExp;
}

const CHUNK_BYTES = 1 << 20;
/** Longest text that a marker's pattern may need. */
const MARKER_BYTES = 128;
/** What a program says of itself is found in its first part, or not at all. */
const MAX_SCANNED_BYTES = 256 << 20;

/**
 * Looks for all markers in one pass; each gives the first group of its first match, or the whole match where the pattern
 * has no group. Text is latin1. Empty for a file that cannot be read.
 */
export async function scanFile<Name extends string>(
  path: string,
  markers: Readonly<Record<Name, Marker>>,
): Promise<Partial<Record<Name, string>>> {
  const found: Partial<Record<Name, string>> = {};
  const wanted = new Set(Object.keys(markers) as Name[]);
  let file: Awaited<ReturnType<typeof open>> | undefined;
  try {
    file = await open(path, 'r');
    const buffer = Buffer.allocUnsafe(CHUNK_BYTES + MARKER_BYTES);
    for (let at = 0; at < MAX_SCANNED_BYTES && wanted.size > 0; at += CHUNK_BYTES) {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, at);
      const chunk = buffer.subarray(0, bytesRead);
      for (const name of wanted) {
        const value = search(chunk, markers[name]);
        if (value === undefined) continue;
        found[name] = value;
        wanted.delete(name);
      }
      if (bytesRead < buffer.length) break;
    }
  } catch {
    // Gone or not allowed: nothing is known of it.
  } finally {
    await file?.close();
  }
  return found;
}

function search(chunk: Buffer, { begins, pattern }: Marker): string | undefined {
  for (let at = chunk.indexOf(begins, 0, 'latin1'); at >= 0; at = chunk.indexOf(begins, at + 1, 'latin1')) {
    // Perhaps cut: the next chunk begins before it.
    if (at >= CHUNK_BYTES && chunk.length > CHUNK_BYTES + MARKER_BYTES - 1) break;
    const match = pattern.exec(chunk.toString('latin1', at, at + MARKER_BYTES));
    if (match?.index === 0) return match[1] ?? match[0];
  }
  return undefined;
}
