// SPDX-License-Identifier: Apache-2.0
import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { BpfError, TargetError } from '../errors.js';
import { toBpfError, translating } from './native-errors.js';

const { EPERM, EACCES, EINVAL, ENOENT, E2BIG, ENOSPC, ENOMEM } = constants.errno;

const failure = (operation: string, errno: number, log = '') =>
  Object.assign(new Error(operation), { operation, errno, log });

const VERIFIER_LOG = `libbpf: prog 'syscall_exit': BPF program load failed: Permission denied
libbpf: prog 'syscall_exit': -- BEGIN PROG LOAD LOG --
0: R1=ctx(off=0,imm=0) R10=fp0
R2 invalid mem access 'scalar'
processed 14 insns (limit 1000000) max_states_per_insn 0
-- END PROG LOAD LOG --
libbpf: prog 'syscall_exit': failed to load: -13
libbpf: failed to load object 'flowtap'
`;

describe('an error of the addon', () => {
  it.each([
    ['load', EPERM, '', 'BPF_PERMISSION'],
    ['load', EACCES, 'libbpf: prog: failed', 'BPF_PERMISSION'],
    // The verifier also answers with EACCES; its log tells the difference.
    ['load', EACCES, VERIFIER_LOG, 'BPF_VERIFIER'],
    ['load', EINVAL, VERIFIER_LOG, 'BPF_VERIFIER'],
    // A log that was cut short.
    ['load', EACCES, VERIFIER_LOG.slice(0, 160), 'BPF_VERIFIER'],
    ['load', ENOMEM, '', 'BPF_LOAD'],
    ['attach syscall_exit', EPERM, '', 'BPF_PERMISSION'],
    ['attach to __x64_sys_dup2', ENOENT, '', 'BPF_ATTACH'],
    ['update map processes', E2BIG, '', 'BPF_MAP'],
    ['map the ring buffer', ENOMEM, '', 'BPF_MAP'],
    ['poll the ring buffer', EINVAL, '', 'BPF_LOAD'],
  ])('"%s" with errno %i becomes %s', (operation, errno, log, code) => {
    const error = toBpfError(failure(operation, errno, log));
    expect(error).toBeInstanceOf(BpfError);
    expect(error).toMatchObject({ code, operation, errno, log });
  });

  it('says what was refused, why, and what to do', () => {
    expect((toBpfError(failure('load', EPERM)) as Error).message).toMatch(
      /^The kernel refused to load: EPERM\. Run as root/,
    );
    expect((toBpfError(failure('load', 4095)) as Error).message).toMatch(/refused to load: errno 4095\./);
  });

  it('quotes the line of the log that says most', () => {
    const error = toBpfError(failure('load', EACCES, VERIFIER_LOG)) as BpfError;
    expect(error.message).toContain("(R2 invalid mem access 'scalar')");
    expect(error.hint).toContain('doctor');
    expect(error.log).toBe(VERIFIER_LOG);
  });

  it.each([E2BIG, ENOSPC])('tells a table that is full (errno %i)', (errno) => {
    expect((toBpfError(failure('update map processes', errno)) as BpfError).hint).toContain('fewer targets');
  });
});

describe('translating', () => {
  it('passes results, and every error that is not the addon’s', async () => {
    expect(await translating(async () => 7)).toBe(7);
    const others = [
      new BpfError('BPF_NO_BACKEND', 'none'),
      new TargetError('TARGET_INVALID', 'x'),
      new Error('x'),
      'x',
    ];
    for (const error of others) {
      await expect(translating(() => Promise.reject(error))).rejects.toBe(error);
    }
  });

  it('translates what the addon throws or rejects with', async () => {
    await expect(translating(() => Promise.reject(failure('load', EPERM)))).rejects.toBeInstanceOf(BpfError);
    const throws = async () => {
      throw failure('update map x', E2BIG);
    };
    await expect(translating(throws)).rejects.toMatchObject({ code: 'BPF_MAP' });
  });
});
