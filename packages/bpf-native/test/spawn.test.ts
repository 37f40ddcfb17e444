// SPDX-License-Identifier: Apache-2.0
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'identity.c');

const COMMANDS = 20;

/** An HTTP server of this process, which is no target. */
async function startServer(): Promise<number> {
  const server = createServer((request, response) => response.end(`you asked for ${request.url}\n`));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

/** Makes a request at once, without TLS, proxy settings or anything else to begin with. */
function request(port: number, target: string): string {
  return [
    `exec 3<>/dev/tcp/127.0.0.1/${port}`,
    `printf 'GET ${target} HTTP/1.1\\r\\nHost: x\\r\\nConnection: close\\r\\n\\r\\n' >&3`,
    'while read -r line <&3; do answer=$line; done',
    `[[ $answer == *${target} ]]`,
  ].join('\n');
}

describeCapture('a command that is started', () => {
  it(`is captured from its first byte to its last, each of ${COMMANDS} at once`, async () => {
    const port = await startServer();
    const recorder = await Recorder.start(workshop);
    const targets = Array.from({ length: COMMANDS }, (_, i) => `/number-${i}-`);
    const pids = await Promise.all(targets.map((target) => recorder.spawn('bash', '-c', request(port, target))));
    await Promise.all(pids.map((pid) => recorder.exit(pid)));
    const events = await recorder.stop();

    for (const [i, pid] of pids.entries()) {
      const own = events.filter((event) => 'pid' in event && event.pid === pid);
      expect(own[0]).toMatchObject({ type: 'process', action: 'exec', exe: expect.stringMatching(/\/bash$/) });
      expect(own[1]).toMatchObject({
        type: 'connect',
        comm: 'bash',
        connection: { role: 'client', joinedLate: false, remote: { address: '127.0.0.1', port } },
      });
      const data = own.filter((event) => event.type === 'data');
      const stream = (direction: string) =>
        data.flatMap((event) => (event.direction === direction ? [event.bytes] : [])).join('');
      expect(stream('egress')).toBe(`GET ${targets[i]} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      expect(stream('ingress')).toMatch(new RegExp(`^HTTP/1\\.1 200 OK\\r\\n[^]*you asked for ${targets[i]}\\n$`));
      const [close, ...others] = own.filter((event) => event.type === 'close');
      expect(close).toMatchObject({ raw: { ingress: stream('ingress').length, egress: stream('egress').length } });
      expect(others).toEqual([]);
      // The kernel tells the end of a process first, then closes what it had open.
      const exit = own.find((event) => event.type === 'process' && event.action === 'exit');
      expect(exit).toMatchObject({ comm: 'bash' });
      expect(exit).not.toHaveProperty('exe');
    }
    // The server, the test and the capture itself are no targets.
    const seen = new Set(events.flatMap((event) => ('pid' in event ? [event.pid] : [])));
    expect(seen).toEqual(new Set(pids));
  });

  it('is named by what it executes next, too', async () => {
    const recorder = await Recorder.start(workshop);
    const pid = await recorder.run('bash', '-c', 'exec env true');
    const events = await recorder.stop();
    const executed = events.flatMap((event) => (event.type === 'process' && event.pid === pid ? [event] : []));
    expect(executed.map(({ action, comm }) => `${action} ${comm}`)).toEqual([
      'exec bash',
      'exec env',
      'exec true',
      'exit true',
    ]);
  });

  it('is refused when it is not there or cannot be executed, and the next one starts', async () => {
    const recorder = await Recorder.start(workshop);
    const plain = workshop.path('plain-file');
    writeFileSync(plain, 'no program');
    chmodSync(plain, 0o644);
    await expect(recorder.spawn('/no/such/command')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(recorder.spawn(plain)).rejects.toMatchObject({ code: 'EACCES' });
    const log = workshop.path('next.log');
    const pid = await recorder.run(workshop.program('identity.c'), log, 'asked-for-name');
    const events = await recorder.stop();
    expect(readFileSync(log, 'utf8')).not.toBe('');
    expect(events).toContainEqual(expect.objectContaining({ type: 'connect', pid }));
  });

  it('fails start() when it is not there', async () => {
    const starting = Recorder.start(workshop, { targets: [{ command: ['/no/such/command'] }] });
    await expect(starting).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is held for the time that its TLS library is looked at, and not longer', async () => {
    const recorder = await Recorder.start(workshop);
    const pid = await recorder.spawn('sleep', '600');
    onTestFinished(() => void process.kill(pid, 'SIGKILL'));
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    expect(stat.at(stat.lastIndexOf(')') + 2)).not.toBe('T');
  });
});
