// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { EventSource, TapEvent } from '../src/index.js';

const text = fc.oneof(fc.string({ maxLength: 15 }), fc.string({ unit: 'binary', maxLength: 300 }));
const count = fc.nat(Number.MAX_SAFE_INTEGER);
const timestampNs = fc.nat(Number.MAX_SAFE_INTEGER);
const endpoint = fc.oneof(
  fc.record({ address: fc.oneof(fc.ipV4(), fc.ipV6()), port: fc.nat(65_535) }),
  fc.record({ path: text }),
);
const connection = fc.record(
  {
    id: count,
    role: fc.constantFrom('client', 'server', 'unknown'),
    transport: fc.constantFrom('tcp', 'unix', 'unknown'),
    local: endpoint,
    remote: endpoint,
    joinedLate: fc.boolean(),
    fdSource: fc.constantFrom('set-fd', 'nested-call', 'last-read', 'go', 'unknown'),
  },
  { requiredKeys: ['id', 'role', 'transport', 'joinedLate'] },
);
const socket = { timestampNs, connection, pid: fc.nat(), tid: fc.nat(), fd: fc.integer({ min: -1 }), comm: text };
const totals = fc.record({ ingress: count, egress: count });

const data = fc
  .record(
    {
      type: fc.constant('data'),
      ...socket,
      direction: fc.constantFrom('ingress', 'egress'),
      layer: fc.constantFrom('raw', 'tls'),
      encrypted: fc.boolean(),
      offset: count,
      missing: fc.nat(1000),
      bytes: fc.uint8Array({ maxLength: 2000 }).map((bytes) => Buffer.from(bytes)),
      joinedLate: fc.constant(true as const),
      gapReason: fc.constantFrom('ring-full', 'copy-failed', 'call-limit', 'zero-copy', 'discarded', 'unknown'),
    },
    {
      requiredKeys: [
        'type',
        'timestampNs',
        'connection',
        'pid',
        'tid',
        'fd',
        'comm',
        'direction',
        'layer',
        'encrypted',
        'offset',
        'missing',
        'bytes',
      ],
    },
  )
  .map(({ missing, ...event }) => ({ ...event, length: event.bytes.length + missing }));

/** Any event that a source may emit. */
export const eventArbitrary: fc.Arbitrary<TapEvent> = fc.oneof(
  fc.record({ type: fc.constant('getsockname'), ...socket }),
  fc.record(
    { type: fc.constant('connect'), ...socket, raw: totals },
    { requiredKeys: ['type', 'timestampNs', 'connection', 'pid', 'tid', 'fd', 'comm'] },
  ),
  data,
  fc.record({ type: fc.constant('close'), ...socket, raw: totals, tls: totals }),
  fc.record(
    {
      type: fc.constant('process'),
      timestampNs,
      action: fc.constantFrom('running', 'exec', 'exit'),
      pid: fc.nat(),
      comm: text,
      exe: text,
      containerId: text,
      tlsBlindSpot: fc.record({ code: text, message: text }),
    },
    { requiredKeys: ['type', 'timestampNs', 'action', 'pid', 'comm'] },
  ),
  fc.record({ type: fc.constant('lost'), timestampNs, cause: text, events: count, bytes: count }),
) as fc.Arbitrary<TapEvent>;

/** All events of a source from now on, with their bytes copied, until its end. */
export function collectEvents(source: EventSource): Promise<readonly TapEvent[]> {
  const events: TapEvent[] = [];
  const keep = (event: TapEvent) => {
    events.push(event.type === 'data' ? { ...event, bytes: Buffer.from(event.bytes) } : event);
  };
  for (const type of ['connect', 'getsockname', 'data', 'close', 'process', 'lost'] as const) source.on(type, keep);
  return new Promise((resolve, reject) => {
    source.on('end', () => resolve(events));
    source.on('error', reject);
  });
}
