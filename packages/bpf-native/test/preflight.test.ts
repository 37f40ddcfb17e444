// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { PreflightCheck, PreflightReport } from '../src/index.js';
import { describeCapture } from './support/needs.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('preflight.ts');

interface Answer {
  readonly report: PreflightReport;
  readonly outcome: 'started' | { readonly code: string; readonly message: string };
}

async function ask(...command: readonly string[]): Promise<Answer> {
  const [file = '', ...args] = [...command, process.execPath, workshop.program('preflight.ts')];
  const { stdout } = await promisify(execFile)(file, args);
  return JSON.parse(stdout) as Answer;
}

const failed = ({ checks }: PreflightReport): readonly PreflightCheck[] => checks.filter(({ ok }) => !ok);

describeCapture('preflight()', () => {
  it('finds nothing missing for root on this machine, and start() works', async () => {
    const { report, outcome } = await ask();
    expect(report.ok).toBe(true);
    expect(report.checks.map(({ name }) => name)).toEqual([
      'addon',
      'kernel',
      'btf',
      'privileges',
      'lockdown',
      'pid-namespace',
      'backend',
      'uprobes',
    ]);
    for (const check of report.checks) {
      expect(check.detail).not.toBe('');
      expect('remedy' in check, check.name).toBe(!check.ok);
    }
    expect(outcome).toBe('started');
  });

  it('names the missing capabilities and what to do, and start() says the same', async () => {
    const { report, outcome } = await ask('setpriv', '--bounding-set=-all', '--inh-caps=-all');
    expect(report.ok).toBe(false);
    expect(failed(report)).toEqual([
      {
        name: 'privileges',
        ok: false,
        required: true,
        detail: 'no CAP_BPF, no CAP_PERFMON, no CAP_SYS_ADMIN',
        remedy: expect.stringContaining('Run as root'),
      },
      expect.objectContaining({ name: 'uprobes', required: false, remedy: expect.stringContaining('CAP_SYS_ADMIN') }),
    ]);
    expect(outcome).toMatchObject({ code: 'BPF_PERMISSION', message: expect.stringContaining('Run as root') });
  });

  it('tells a pid namespace of its own, where process ids mean something else', async () => {
    const { report, outcome } = await ask('unshare', '--pid', '--fork', '--mount-proc');
    expect(report.ok).toBe(false);
    expect(failed(report).map(({ name }) => name)).toEqual(['pid-namespace']);
    expect(outcome).toMatchObject({ code: 'BPF_PID_NAMESPACE' });
  });
});
