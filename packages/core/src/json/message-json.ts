// SPDX-License-Identifier: Apache-2.0

/**
 * JSON of a message whose shape core does not know: `JSON.stringify` with bytes as `{ "base64": … }` and big integers
 * as strings. A message that has no JSON (a cycle, a throwing getter) becomes `{ "jsonError": … }`: whoever wrote the
 * protocol must not be able to stop the output. Undefined for undefined.
 */
export function messageToJson(message: unknown): string | undefined {
  try {
    return JSON.stringify(message, replaceBytes);
  } catch (error) {
    return JSON.stringify({ jsonError: error instanceof Error ? error.message : String(error) });
  }
}

function replaceBytes(this: unknown, key: string, value: unknown): unknown {
  // Buffer.toJSON has run by now: the holder still has the buffer.
  const original = typeof this === 'object' && this !== null ? (this as Record<string, unknown>)[key] : value;
  if (original instanceof Uint8Array) {
    const { buffer, byteOffset, byteLength } = original;
    return { base64: Buffer.from(buffer, byteOffset, byteLength).toString('base64') };
  }
  return typeof value === 'bigint' ? value.toString() : value;
}
