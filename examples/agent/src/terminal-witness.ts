// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

/** Long enough for a shell to report, short enough that nobody notices. */
const REPORT_WITHIN_MS = 150;
/** Reports that nobody asked for go stale: their signal was merged with an earlier one. */
const REPORT_VALID_MS = 500;

/** Ends with its stdin, so also when flowtap is killed. */
const SCRIPT = `
trap 'echo SIGINT' INT
trap 'echo SIGQUIT' QUIT
while :; do
  read -r line
  [ $? -gt 128 ] || exit 0
done`;

/**
 * Ctrl-C and Ctrl-\ reach the whole foreground process group, `kill` reaches one process, and a signal handler in
 * Node.js cannot tell which of them it was. A shell in the same group can: it gets the first and not the second.
 */
export interface TerminalWitness {
  /** Whether the signal that has just arrived went to the whole group. */
  sawToo(signal: NodeJS.Signals): Promise<boolean>;
  dispose(): void;
}

export function createTerminalWitness(): TerminalWitness {
  const shell = spawn('/bin/sh', ['-c', SCRIPT], { stdio: ['pipe', 'pipe', 'ignore'] });
  const reports: { readonly signal: string; readonly atMs: number }[] = [];
  const waiting = new Set<() => void>();
  let alive = true;
  // Without a shell there is no witness; `sawToo` then takes every such signal for one from the keyboard.
  shell.on('error', () => {
    alive = false;
  });
  shell.on('exit', () => {
    alive = false;
  });
  createInterface({ input: shell.stdout }).on('line', (signal) => {
    reports.push({ signal, atMs: performance.now() });
    for (const wake of waiting) wake();
  });
  // Neither the shell nor its pipe keeps flowtap alive.
  shell.unref();
  shell.stdin.on('error', () => {});

  const takeReport = (signal: NodeJS.Signals): boolean => {
    const oldest = performance.now() - REPORT_VALID_MS;
    const index = reports.findIndex((report) => report.signal === signal && report.atMs >= oldest);
    if (index >= 0) reports.splice(0, index + 1);
    return index >= 0;
  };
  return {
    async sawToo(signal) {
      if (takeReport(signal) || !alive) return true;
      return new Promise<boolean>((resolve) => {
        const settle = (seen: boolean): void => {
          clearTimeout(timeout);
          waiting.delete(check);
          resolve(seen);
        };
        const check = (): void => {
          if (takeReport(signal)) settle(true);
        };
        const timeout = setTimeout(settle, REPORT_WITHIN_MS, false);
        waiting.add(check);
      });
    },
    dispose() {
      shell.stdin.end();
    },
  };
}
