// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CliResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a process to its end and collects what it printed. */
export async function runProcess(command: string, args: readonly string[]): Promise<CliResult> {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const [status] = await once(child, 'close');
  return { status, stdout, stderr };
}

/** The same without any capability. Root stays root by number, so that the checkout stays readable. */
export function runUnprivileged(command: string, args: readonly string[]): Promise<CliResult> {
  if (process.getuid?.() !== 0) return runProcess(command, args);
  return runProcess('setpriv', ['--bounding-set=-all', '--inh-caps=-all', '--', command, ...args]);
}
