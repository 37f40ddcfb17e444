// SPDX-License-Identifier: Apache-2.0
import type { ProcessEvent } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { ProcessEvents } from './process-events.js';

/** No process has it: pid_max is at most 2^22. */
const GONE = 2 ** 22 + 1;

function collect() {
  const events: ProcessEvent[] = [];
  return { events, processes: new ProcessEvents((event) => events.push(event)) };
}

const record = (action: 'exec' | 'exit', pid: number, filename = '') => ({
  action,
  pid,
  filename,
  comm: 'x',
  timestampNs: 5,
  stopped: false,
  target: 1,
});

describe('processes are announced', () => {
  it('with name and executable when they were there already', () => {
    const { events, processes } = collect();
    const before = Number(process.hrtime.bigint());
    processes.running(process.pid);
    expect(events).toEqual([
      expect.objectContaining({ type: 'process', action: 'running', pid: process.pid, exe: process.execPath }),
    ]);
    expect(events[0]?.timestampNs).toBeGreaterThanOrEqual(before);
  });

  it('once, when they show up in an event and nothing was told of them', () => {
    const { events, processes } = collect();
    processes.seen(GONE, 'forked', 7);
    processes.seen(GONE, 'forked', 8);
    expect(events).toEqual([{ type: 'process', action: 'running', pid: GONE, comm: 'forked', timestampNs: 7 }]);
  });

  it('not again after they were executed', () => {
    const { events, processes } = collect();
    processes.record(record('exec', GONE, './program'));
    processes.seen(GONE, 'program', 9);
    expect(events.map(({ action }) => action)).toEqual(['exec']);
  });

  it('with what they were executed as when they are gone already', () => {
    const { events, processes } = collect();
    processes.record(record('exec', GONE, './program'));
    processes.record(record('exec', process.pid, './other'));
    expect(events.map(({ exe }) => exe)).toEqual(['./program', process.execPath]);
  });

  it('anew when the process id is used again', () => {
    const { events, processes } = collect();
    processes.seen(GONE, 'one', 1);
    processes.record(record('exit', GONE));
    processes.seen(GONE, 'two', 2);
    expect(events.map(({ action, comm }) => `${action} ${comm}`)).toEqual(['running one', 'exit x', 'running two']);
    expect(events[1]).not.toHaveProperty('exe');
  });
});
