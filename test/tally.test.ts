// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

interface Sum {
  readonly summary: string;
  addCheck(name: string, isGood: boolean): void;
  addReport(name: string, file: string, exitStatus: number): void;
  requireAll(): void;
}

// The scripts are plain JavaScript, because they run before anything is installed; hence the import by address.
const address = new URL('../scripts/test/tally.mjs', import.meta.url).href;

let directory: string;
let tally: Sum;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-tally-'));
  const { Tally } = await import(address);
  tally = new Tally();
});

afterEach(() => rmSync(directory, { recursive: true }));

function report(suites: readonly { status: string; tests: readonly string[] }[]): string {
  const file = join(directory, 'report.json');
  const testResults = suites.map(({ status, tests }, index) => ({
    name: `file ${index}`,
    status,
    message: '',
    assertionResults: tests.map((testStatus) => ({ status: testStatus, fullName: `a ${testStatus} test` })),
  }));
  writeFileSync(file, JSON.stringify({ testResults }));
  return file;
}

describe('the sum of a test run', () => {
  it('adds up checks and tests', () => {
    tally.addCheck('lint', true);
    tally.addCheck('types', false);
    tally.addReport('unit', report([{ status: 'failed', tests: ['passed', 'passed', 'failed'] }]), 1);
    expect(tally.summary).toBe('3 passed, 2 failed');
  });

  it('counts a skipped test as failed only where everything is required', () => {
    tally.addReport('live', report([{ status: 'passed', tests: ['passed', 'skipped', 'pending', 'todo'] }]), 0);
    expect(tally.summary).toBe('1 passed, 0 failed');
    tally.requireAll();
    expect(tally.summary).toBe('1 passed, 3 failed');
  });

  it('counts a test file that could not be loaded as a failure', () => {
    tally.addReport('unit', report([{ status: 'failed', tests: [] }]), 1);
    expect(tally.summary).toBe('0 passed, 1 failed');
  });

  it('counts a run that failed outside of any test as a failure', () => {
    tally.addReport('unit', report([{ status: 'passed', tests: ['passed'] }]), 1);
    expect(tally.summary).toBe('1 passed, 1 failed');
  });

  it('counts a run without a report as a failure', () => {
    tally.addReport('unit', join(directory, 'absent.json'), 134);
    expect(tally.summary).toBe('0 passed, 1 failed');
  });
});
