// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { syscallPrograms, unusedPrograms } from './backend.js';
import { preemptsPrograms } from './kernel-features.js';

describe('programs at the tracepoints of system calls', () => {
  test.each(['6.19.0', '7.0.0-rc1', '7.3.4+deb13-cloud-amd64', '10.1.2'])('are preempted by Linux %s', (release) => {
    expect(preemptsPrograms(release)).toBe(true);
  });

  test.each(['5.15.0-91-generic', '6.1.0-50-cloud-amd64', '6.18.44'])('are not preempted by Linux %s', (release) => {
    expect(preemptsPrograms(release)).toBe(false);
  });

  test('come in pairs where they are preempted, the one that comes first in front', () => {
    const programs = syscallPrograms('tracepoint', true);
    expect(programs.indexOf('syscall_exit_1')).toBeLessThan(programs.indexOf('syscall_exit_2'));
    expect(programs.indexOf('syscall_entry_1')).toBeLessThan(programs.indexOf('syscall_entry_2'));
    expect(programs).toHaveLength(4);
  });

  test.each(['tracepoint', 'kprobe'] as const)('are left out where the back end %s does not use them', (backend) => {
    const used = syscallPrograms(backend);
    expect(unusedPrograms(backend)).toHaveLength(8 - used.length);
    expect(unusedPrograms(backend).filter((name) => used.includes(name))).toEqual([]);
  });
});
