// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { programsOf, unusedUprobePrograms } from './uprobe-programs.js';

describe('the programs that see a call', () => {
  it('are one where the kernel has sessions', () => {
    expect(programsOf('tls_call', true)).toEqual([{ program: 'tls_call', atReturn: false }]);
  });

  it('are on the return before they are on the entry elsewhere', () => {
    expect(programsOf('tls_call', false)).toEqual([
      { program: 'tls_return', atReturn: true },
      { program: 'tls_entry', atReturn: false },
    ]);
  });

  it.each([true, false])('are loaded when they are attached (sessions: %s)', (hasSessions) => {
    const attached = (['tls_call', 'tls_entry'] as const).flatMap((program) => programsOf(program, hasSessions));
    const unused = unusedUprobePrograms(hasSessions);
    expect(attached.filter(({ program }) => unused.includes(program))).toEqual([]);
  });
});
