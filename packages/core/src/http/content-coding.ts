// SPDX-License-Identifier: Apache-2.0
import * as zlib from 'node:zlib';
import { decodePrefix } from './decode-prefix.js';

/** Decoding stops after this many bytes, however small the input (a decompression bomb). 4 MiB. */
export const MAX_DECODED_BYTES = 4 * 1024 * 1024;

export interface DecodedContent {
  /**
   * The content without its codings. The bytes as they were where the coding is unknown, or where nothing could be
   * decoded because the bytes are not what Content-Encoding says; of damaged content, what came before the damage.
   */
  readonly bytes: Buffer;
  /** The content goes on: the body was captured in part, or decoding stopped at the output cap. */
  readonly truncated: boolean;
  /** Why decoding ended early, one sentence. Absent when it did not. */
  readonly error?: string;
}

/** One coding: the whole-buffer decoder, and the stream class for content that the former refuses. */
interface Decoder {
  decode(bytes: Buffer, maxOutputLength: number): Buffer;
  createEngine(): zlib.Gunzip;
}

const { Z_SYNC_FLUSH, BROTLI_OPERATION_FLUSH } = zlib.constants;

// A sync flush at the end accepts input that was cut and gives what it holds, where a finish would fail.
const gzip: Decoder = {
  decode: (bytes, maxOutputLength) => zlib.gunzipSync(bytes, { maxOutputLength, finishFlush: Z_SYNC_FLUSH }),
  createEngine: () => zlib.createGunzip(),
};

const zlibDeflate: Decoder = {
  decode: (bytes, maxOutputLength) => zlib.inflateSync(bytes, { maxOutputLength, finishFlush: Z_SYNC_FLUSH }),
  createEngine: () => zlib.createInflate(),
};

const rawDeflate: Decoder = {
  decode: (bytes, maxOutputLength) => zlib.inflateRawSync(bytes, { maxOutputLength, finishFlush: Z_SYNC_FLUSH }),
  createEngine: () => zlib.createInflateRaw(),
};

const brotli: Decoder = {
  decode: (bytes, maxOutputLength) =>
    zlib.brotliDecompressSync(bytes, { maxOutputLength, finishFlush: BROTLI_OPERATION_FLUSH }),
  createEngine: () => zlib.createBrotliDecompress(),
};

/** RFC 9110 §8.4.1 and the registry: gzip and x-gzip, deflate, br, zstd (RFC 8878). */
function decoderFor(coding: string, bytes: Buffer): Decoder | undefined {
  switch (coding) {
    case 'gzip':
    case 'x-gzip':
      return gzip;
    case 'deflate':
      return hasZlibHeader(bytes) ? zlibDeflate : rawDeflate;
    case 'br':
      return brotli;
    case 'zstd':
      return zstd;
    default:
      return undefined;
  }
}

/** RFC 9110 §8.4.1.2 wants the zlib format; some senders leave its header out. RFC 1950 §2.2 tells them apart. */
function hasZlibHeader(bytes: Buffer): boolean {
  const first = bytes[0];
  const second = bytes[1];
  return first !== undefined && second !== undefined && (first & 0x0f) === 8 && ((first << 8) | second) % 31 === 0;
}

/** The part of newer Node versions (22.15, 23.8 and later) that the oldest supported one does not have. */
interface ZstdModule {
  readonly zstdDecompressSync?: (bytes: Buffer, options: zlib.ZlibOptions) => Buffer;
  readonly createZstdDecompress?: () => zlib.Gunzip;
  readonly constants: { readonly ZSTD_e_flush?: number };
}

const zstd = zstdDecoder(zlib as unknown as ZstdModule);

function zstdDecoder(module: ZstdModule): Decoder | undefined {
  const { zstdDecompressSync, createZstdDecompress } = module;
  const finishFlush = module.constants.ZSTD_e_flush;
  if (zstdDecompressSync === undefined || createZstdDecompress === undefined || finishFlush === undefined)
    return undefined;
  return {
    decode: (bytes, maxOutputLength) => zstdDecompressSync(bytes, { maxOutputLength, finishFlush }),
    createEngine: () => createZstdDecompress(),
  };
}

/**
 * Undoes the codings of a Content-Encoding value, the last one applied first (RFC 9110 §8.4). Never throws.
 *
 * @param truncated the bytes are a captured prefix of the content
 */
export function decodeContent(
  bytes: Buffer,
  contentEncoding: string,
  truncated: boolean,
  maxDecodedBytes: number = MAX_DECODED_BYTES,
): DecodedContent {
  const codings = contentEncoding.toLowerCase().split(',');
  let content: DecodedContent = { bytes, truncated };
  for (let i = codings.length - 1; i >= 0; i--) {
    const coding = (codings[i] ?? '').trim();
    if (coding === '' || coding === 'identity') continue;
    const decoder = decoderFor(coding, content.bytes);
    if (decoder === undefined) {
      return { ...content, error: content.error ?? `The content coding ${JSON.stringify(coding)} is not supported.` };
    }
    content = decodeOne(decoder, coding, content, maxDecodedBytes);
  }
  return content;
}

function decodeOne(decoder: Decoder, coding: string, content: DecodedContent, maxDecodedBytes: number): DecodedContent {
  if (content.bytes.length === 0) return content;
  try {
    const bytes = decoder.decode(content.bytes, maxDecodedBytes);
    if (bytes.length > 0 || !content.truncated) return { ...content, bytes };
    return { ...content, error: content.error ?? `Too little of the content was captured to decode ${coding}.` };
  } catch (cause) {
    const prefix = decodePrefix(decoder.createEngine(), content.bytes, maxDecodedBytes);
    if (prefix.length >= maxDecodedBytes) {
      const error = content.error ?? `Decoding ${coding} stopped after ${maxDecodedBytes} bytes of output.`;
      return { bytes: prefix, truncated: true, error };
    }
    const reason = cause instanceof Error ? cause.message : String(cause);
    return {
      bytes: prefix.length === 0 ? content.bytes : prefix,
      truncated: content.truncated,
      error: content.error ?? `The content is not valid ${coding}: ${reason}.`,
    };
  }
}
