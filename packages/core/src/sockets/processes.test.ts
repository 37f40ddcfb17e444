// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { processEvent } from '../testing/fake-connection.js';
import { Processes } from './processes.js';

it('knows a process by its latest exec', () => {
  const processes = new Processes();
  processes.apply(processEvent({ pid: 5, comm: 'sh', exe: '/bin/sh' }));
  processes.apply(processEvent({ pid: 5, comm: 'curl', exe: '/usr/bin/curl', action: 'exec' }));
  expect(processes.describe(5, 'curl', true)).toEqual({ pid: 5, comm: 'curl', exe: '/usr/bin/curl' });
});

it('prefers the name of the process to that of a worker thread, and the current name of the main thread', () => {
  const processes = new Processes();
  processes.apply(processEvent({ pid: 5, comm: 'java', exe: '/usr/bin/java' }));
  expect(processes.describe(5, 'http-nio-8080', false).comm).toBe('java');
  expect(processes.describe(5, 'renamed', true)).toEqual({ pid: 5, comm: 'renamed', exe: '/usr/bin/java' });
  expect(processes.describe(6, 'worker', false)).toEqual({ pid: 6, comm: 'worker' });
});

it('knows the container of a process, also after its exit', () => {
  const processes = new Processes();
  processes.apply(processEvent({ pid: 5, comm: 'curl', containerId: 'c0ffee' }));
  processes.apply(processEvent({ pid: 5, action: 'exit' }));
  expect(processes.describe(5, 'curl', true)).toEqual({ pid: 5, comm: 'curl', containerId: 'c0ffee' });
});

it('does not give a reused process id the executable of its predecessor', () => {
  const processes = new Processes();
  processes.apply(processEvent({ pid: 5, comm: 'old', exe: '/old' }));
  processes.apply(processEvent({ pid: 5, action: 'exit' }));
  expect(processes.describe(5, 'old', true).exe).toBe('/old');
  processes.apply(processEvent({ pid: 5, comm: 'new', action: 'exec' }));
  expect(processes.describe(5, 'new', true)).toEqual({ pid: 5, comm: 'new' });
});

it.each(['running', 'exited'])('keeps what it knows of a %s process when something more is learnt of it', (state) => {
  const processes = new Processes();
  const tlsBlindSpot = { code: 'jsse', message: 'compiled code' };
  processes.apply(processEvent({ pid: 5, comm: 'java', exe: '/usr/bin/java', action: 'exec' }));
  if (state === 'exited') processes.apply(processEvent({ pid: 5, action: 'exit' }));
  // Its files in /proc were gone already.
  processes.apply(processEvent({ pid: 5, comm: '', tlsBlindSpot }));
  expect(processes.describe(5, 'java', true)).toEqual({ pid: 5, comm: 'java', exe: '/usr/bin/java' });
  expect(processes.tlsBlindSpot(5)).toEqual(tlsBlindSpot);
});

it('forgets processes that exited long ago', () => {
  const processes = new Processes();
  for (let pid = 1; pid <= 1025; pid += 1) {
    processes.apply(processEvent({ pid, exe: '/x' }));
    processes.apply(processEvent({ pid, action: 'exit' }));
  }
  expect(processes.describe(1, 'x', true)).not.toHaveProperty('exe');
  expect(processes.describe(2, 'x', true)).toHaveProperty('exe');
});
