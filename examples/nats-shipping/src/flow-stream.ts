// SPDX-License-Identifier: Apache-2.0
import { jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type NatsConnection, nanos } from '@nats-io/transport-node';

/** All flows are in one stream, with the subject `flows.<host>.<protocol>`. */
export const STREAM = 'FLOWS';
const SUBJECTS = 'flows.>';

/** An exporter repeats what was not acknowledged; the server knows by the message id what it has already, for this long. */
const DUPLICATE_WINDOW_MS = 120_000;
/** What is older, or more than this, goes: the stream is a way, not an archive. */
const MAX_AGE_MS = 24 * 3_600_000;
const MAX_BYTES = 1024 ** 3;

/** Makes the stream where it is not there yet. One that is there stays as somebody has set it up. */
export async function ensureStream(connection: NatsConnection): Promise<void> {
  const { streams } = await jetstreamManager(connection);
  const exists = await streams.info(STREAM).catch(() => undefined);
  if (exists !== undefined) return;
  await streams.add({
    name: STREAM,
    subjects: [SUBJECTS],
    storage: StorageType.File,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    max_age: nanos(MAX_AGE_MS),
    max_bytes: MAX_BYTES,
  });
}

export function subjectOf(host: string, protocol: string): string {
  return ['flows', host, protocol].map(token).join('.');
}

/** A part of a subject has no dots, blanks and wildcards. */
function token(text: string): string {
  return text.replace(/[^\w-]/g, '_') || '_';
}
