// SPDX-License-Identifier: Apache-2.0
import { EventLogError } from '../errors.js';
import { createRecorder } from '../event-log/recorder.js';
import type { TapEvent } from '../events.js';
import { FakeSource } from './fake-source.js';

const KEY_BYTES = 32;

/**
 * Writes an event log, as `flowtap run --record` does: for `ReplaySource`, `flowtap replay`, and as a fixture. The same events
 * give the same flows at every replay.
 *
 * @throws EventLogError when the file cannot be written.
 */
export async function recordEvents(path: string, events: readonly TapEvent[]): Promise<void> {
  const source = new FakeSource();
  const recorder = createRecorder({ path });
  recorder.attach(source, new Uint8Array(KEY_BYTES));
  source.play(...events);
  source.end();
  await recorder.stop();
  const dropped = recorder.counters['dropped'] ?? 0;
  if (dropped > 0) throw new EventLogError('EVENT_LOG_INCOMPLETE', `${dropped} events do not fit into ${path}.`);
}
