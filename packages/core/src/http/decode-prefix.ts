// SPDX-License-Identifier: Apache-2.0
import type { Gunzip, InflateRaw } from 'node:zlib';

const INPUT_SLICE_BYTES = 512;
const OUTPUT_SLICE_BYTES = 16 * 1024;
/** Z_SYNC_FLUSH, and ignored by the decoders that have other flush values: they give what they have at each call. */
const FLUSH = 2;

/**
 * The binding behind a zlib stream. Node's public synchronous functions give all of the output or nothing, so this is
 * the only way to have the first bytes of a decompression bomb or of damaged content without going asynchronous. It
 * is not public: its shape is checked, and where it differs the prefix is empty.
 */
interface EngineInternals {
  readonly _handle: {
    writeSync(
      flush: number,
      input: Buffer,
      inputOffset: number,
      inputLength: number,
      output: Buffer,
      outputOffset: number,
      outputLength: number,
    ): void;
  };
  /** After each write: bytes left in the output, bytes left in the input. */
  readonly _writeState: Uint32Array;
}

function hasInternals(engine: unknown): engine is EngineInternals {
  const { _handle, _writeState } = engine as Partial<EngineInternals>;
  return typeof _handle?.writeSync === 'function' && _writeState instanceof Uint32Array;
}

/** Decodes as far as possible: to the end, to the first damage, or to `maxBytes` of output. Never throws. */
export function decodePrefix(engine: Gunzip | InflateRaw, input: Buffer, maxBytes: number): Buffer {
  let failed = false;
  engine.on('error', () => {});
  const outputs: Buffer[] = [];
  let produced = 0;
  try {
    for (let offset = 0; offset < input.length && !failed && produced < maxBytes; ) {
      if (engine.destroyed || !hasInternals(engine)) break;
      const available = Math.min(INPUT_SLICE_BYTES, input.length - offset);
      const output = Buffer.allocUnsafe(OUTPUT_SLICE_BYTES);
      engine._handle.writeSync(FLUSH, input, offset, available, output, 0, output.length);
      failed = engine.destroyed;
      if (failed) break;
      const [outputLeft = output.length, inputLeft = available] = engine._writeState;
      const written = output.length - outputLeft;
      if (written === 0 && inputLeft === available) break;
      outputs.push(output.subarray(0, written));
      produced += written;
      offset += available - inputLeft;
    }
  } catch {
    // What was decoded so far is the result.
  } finally {
    engine.close();
  }
  return Buffer.concat(outputs, Math.min(produced, maxBytes));
}
