// SPDX-License-Identifier: Apache-2.0
import type { GrpcMessage, HttpRequest, HttpResponse } from '@flowtap/core';

/** Compressed flag and length (gRPC over HTTP/2, Length-Prefixed-Message). */
const PREFIX_BYTES = 5;

/**
 * The messages of one half of a gRPC call, each after its prefix, not compressed.
 *
 * @param maxBytes messages that find no room are left out, from the first of them on
 */
export function grpcPayload({ grpc, body }: HttpRequest | HttpResponse, maxBytes: number): Buffer {
  const messages = grpc?.messages ?? [];
  if (!messages.some(({ compressed }) => compressed) && body.captured <= maxBytes) return body.bytes;
  const parts: Buffer[] = [];
  let length = 0;
  for (const message of messages) {
    const content = contentOf(message);
    if (content === undefined || length + PREFIX_BYTES + content.length > maxBytes) break;
    length += PREFIX_BYTES + content.length;
    const prefix = Buffer.alloc(PREFIX_BYTES);
    prefix.writeUInt32BE(content.length, 1);
    parts.push(prefix, content);
  }
  return Buffer.concat(parts, length);
}

/** Undefined when not all of it is there. */
function contentOf({ content }: GrpcMessage): Buffer | undefined {
  const { bytes, truncated, error } = content.decoded();
  return truncated || error !== undefined ? undefined : bytes;
}
