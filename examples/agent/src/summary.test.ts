// SPDX-License-Identifier: Apache-2.0
import type { TapStats } from '@flowtap/core';
import { expect, it } from 'vitest';
import { everythingDelivered, summarize } from './summary.js';

const output = { name: 'stdout', queued: 0, exported: 1, dropped: 0, failed: 0, retried: 0 };
const stats: TapStats = {
  flows: 1,
  filteredFlows: 0,
  events: 9,
  dataEvents: 4,
  dataBytes: 400,
  droppedEvents: 0,
  droppedBytes: 0,
  gaps: 0,
  gapBytes: 0,
  lateBytes: 0,
  connections: 2,
  openConnections: 0,
  opaqueConnections: 0,
  unknownConnections: 0,
  iteratorDrops: 0,
  exporters: [output],
  counters: {},
  source: {},
};

it('is one line when nothing is missing', () => {
  expect(summarize(stats)).toEqual(['1 flow, 2 connections']);
  expect(everythingDelivered(stats)).toBe(true);
});

it('tells why fewer flows are shown than the user may expect', () => {
  const [line] = summarize({ ...stats, filteredFlows: 3, opaqueConnections: 1, unknownConnections: 2 });
  expect(line).toBe('1 flow, 3 more filtered out, 2 connections, 1 encrypted and not readable, 2 of other protocols');
});

it('tells what was lost, why, and what helps', () => {
  const ring = { ...stats, droppedEvents: 2, droppedBytes: 1, counters: { 'lost:ring-full': 2, other: 1 } };
  expect(summarize(ring)[1]).toBe('2 events with 1 byte were lost (ring-full); a larger --ring-size helps');
  const cut = { ...ring, counters: { 'lost:event-log-truncated': 2 } };
  expect(summarize(cut)[1]).toBe('2 events with 1 byte were lost (event-log-truncated)');
});

it('tells that the event log is incomplete', () => {
  const incomplete = { ...stats, recorder: { events: 8, dropped: 1 } };
  expect(summarize(incomplete)[1]).toBe('the event log lacks 1 event that could not be written');
  expect(everythingDelivered(incomplete)).toBe(false);
});

it.each(['failed', 'dropped', 'queued'] as const)('tells which output is incomplete: %s', (counter) => {
  const incomplete = { ...stats, exporters: [output, { ...output, name: 'jsonl:f', [counter]: 2 }] };
  expect(summarize(incomplete)[1]).toBe('output jsonl:f: 2 of 3 flows could not be written');
  expect(everythingDelivered(incomplete)).toBe(false);
});
