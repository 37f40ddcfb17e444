// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { kernelsCache } from './places.mjs';
import { readReport } from './report-lines.mjs';

/**
 * Software emulation everywhere: it needs nothing of the machine, and a result does not depend on it. Both processors of a
 * machine take turns in one thread: with a thread for each QEMU 7.2 now and then runs an instruction that the other one has
 * just replaced, which kernels do when a tracepoint is attached (an `int3` that nobody has set any more).
 */
const emulation = ['-accel', 'tcg,thread=single'];
const emulators = {
  x64: { command: 'qemu-system-x86_64', options: [...emulation, '-cpu', 'max'], console: 'ttyS0' },
  arm64: {
    command: 'qemu-system-aarch64',
    options: ['-M', 'virt', ...emulation, '-cpu', 'cortex-a72'],
    console: 'ttyAMA0',
  },
};

/**
 * Boots a machine, waits for its end and reads its report. Its console is kept in .cache/kernels/logs/<name>.log.
 * @param timeoutMs after which the machine is stopped: its report is incomplete then.
 */
export async function boot({ name, arch, kernel, image, timeoutMs, memoryMiB = 2048 }) {
  const { command, options, console } = emulators[arch];
  const child = spawn(
    'nice',
    [
      ...['-n', '19', command, ...options, '-m', `${memoryMiB}M`, '-smp', '2'],
      ...['-nographic', '-no-reboot', '-nic', 'none', '-kernel', kernel, '-initrd', image],
      ...['-append', `console=${console} panic=-1 quiet loglevel=1`],
    ],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const stop = () => child.kill('SIGKILL');
  process.once('exit', stop);
  const timer = setTimeout(stop, timeoutMs);
  const text = await outputOf(child, name);
  clearTimeout(timer);
  process.off('exit', stop);
  return readReport(text);
}

function outputOf(child, name) {
  const logs = join(kernelsCache, 'logs');
  mkdirSync(logs, { recursive: true });
  const log = openSync(join(logs, `${name}.log`), 'w');
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
      writeSync(log, chunk);
    });
  }
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      closeSync(log);
      resolve(text);
    });
  });
}
