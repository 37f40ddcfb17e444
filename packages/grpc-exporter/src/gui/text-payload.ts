// SPDX-License-Identifier: Apache-2.0
import { HttpBody, type HttpHeader } from '@flowtap/core';

const EMPTY = Buffer.alloc(0);

/**
 * A body as the GUI can show it: valid UTF-8 without content coding, or one line that says what it was.
 *
 * @param maxBytes more is cut off, between two characters
 */
export function textPayload(body: HttpBody, headers: readonly HttpHeader[], maxBytes: number): Buffer {
  if (body.captured === 0) return body.size === 0 ? EMPTY : describe('body, not captured', body, headers);
  const text = body.utf8();
  if (text === undefined) return describe('binary body', body, headers);
  if (text.length <= maxBytes) return text;
  const start = new HttpBody({ size: text.length, truncated: true, bytes: text.subarray(0, maxBytes) });
  return start.utf8() ?? EMPTY;
}

function describe(what: string, { size, contentEncoding }: HttpBody, headers: readonly HttpHeader[]): Buffer {
  const type = headers.find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const facts = [type, contentEncoding, `${size} bytes`].filter((fact) => fact !== undefined);
  return Buffer.from(`[${what}: ${facts.join(', ')}]`);
}
