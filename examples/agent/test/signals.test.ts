// SPDX-License-Identifier: Apache-2.0
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Bundle, bundle } from './bundle.js';

/** Collects the signals that it gets and tells them when no more have come for a while. */
const COUNTER = `
import signal, sys, time
seen = []
for name in ('SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'):
    signal.signal(getattr(signal, name), lambda number, frame: seen.append((signal.Signals(number).name, time.monotonic())))
print('ready', flush=True)
start = time.monotonic()
while time.monotonic() < (seen[-1][1] + 0.6 if seen else start + 5):
    time.sleep(0.05)
print('seen', *(name for name, _ in seen), flush=True)
sys.exit(23)
`;

/** Runs its arguments in the foreground of a new terminal, presses Ctrl-C or kills only the first process. */
const TERMINAL = `
import os, pty, signal, sys, time
action, *command = sys.argv[1:]
pid, fd = pty.fork()
if pid == 0:
    os.execvp(command[0], command)
output = b''
while b'ready' not in output:
    output += os.read(fd, 4096)
time.sleep(0.2)
if action == 'ctrl-c':
    os.write(fd, b'\\x03')
elif action == 'twice':
    os.write(fd, b'\\x03')
    time.sleep(0.3)
    os.write(fd, b'\\x03')
else:
    os.kill(pid, signal.SIGINT)
try:
    while True:
        output += os.read(fd, 4096)
except OSError:
    pass
print(output.decode())
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

let relay: Bundle;

beforeAll(async () => {
  relay = await bundle('test/fixtures/relay.ts');
}, 60_000);

afterAll(() => relay.remove());

async function finished(child: ChildProcess): Promise<{ status: number | null; output: string }> {
  let output = '';
  child.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  const [status] = await once(child, 'close');
  return { status, output };
}

describe.runIf(process.platform === 'linux')('the signals of a command that flowtap runs (needs python3)', () => {
  it.concurrent.each(['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const)(
    'passes %s on once, and the status back',
    async (signal) => {
      // A session of its own: no terminal, whatever the tests run in.
      const child = spawn(process.execPath, [relay.script, 'python3', '-c', COUNTER], { detached: true });
      const result = finished(child);
      await once(child.stdout, 'data');
      child.kill(signal);
      expect(await result).toEqual({ status: 23, output: expect.stringContaining(`seen ${signal}\n`) });
    },
  );

  it.concurrent.each([
    ['ctrl-c', 'seen SIGINT\r\n'],
    ['twice', 'seen SIGINT SIGINT\r\n'],
    ['kill', 'seen SIGINT\r\n'],
  ])('delivers once what the keyboard sent, and also what only flowtap got: %s', async (action, seen) => {
    const command = [process.execPath, relay.script, 'python3', '-c', COUNTER];
    const child = spawn('python3', ['-c', TERMINAL, action, ...command], { detached: true });
    expect(await finished(child)).toEqual({ status: 23, output: expect.stringContaining(seen) });
  });
});
