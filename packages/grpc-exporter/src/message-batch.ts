// SPDX-License-Identifier: Apache-2.0
import type { BinaryWriter } from '@bufbuild/protobuf/wire';

/** Wire type of what has a length in front (Protocol Buffers encoding, "Message Structure"). */
const LENGTH_DELIMITED = 2;

/** A server accepts 4 MiB in a message unless it was told otherwise; less at a time is also easier on its memory. */
const BATCH_BYTES = 1024 * 1024;

/** Cuts messages into batches of about 1 MiB, without ever holding more than one. */
export function* batchesOf(messages: Iterable<Uint8Array>): Generator<readonly Uint8Array[]> {
  let batch: Uint8Array[] = [];
  let bytes = 0;
  for (const message of messages) {
    if (batch.length > 0 && bytes + message.length > BATCH_BYTES) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push(message);
    bytes += message.length;
  }
  if (batch.length > 0) yield batch;
}

/** Writes messages that are encoded already as elements of a repeated field. */
export function writeRepeated(writer: BinaryWriter, field: number, messages: readonly Uint8Array[]): void {
  for (const message of messages) writer.uint32((field << 3) | LENGTH_DELIMITED).bytes(message);
}
