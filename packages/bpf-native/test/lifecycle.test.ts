// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { describeCapture } from './support/needs.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('lifecycle.ts', 'chatter.c');

interface Played {
  readonly status: number | null;
  readonly signal: string | null;
  readonly result: unknown;
  readonly stderr: string;
}

async function play(scene: string): Promise<Played> {
  const args = ['--expose-gc', workshop.program('lifecycle.ts'), scene, workshop.program('chatter.c')];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  const [status, signal] = (await once(child, 'exit')) as [number | null, string | null];
  const [stdout, stderr] = await output;
  return { status, signal, stderr, result: stdout === '' ? undefined : JSON.parse(stdout) };
}

const ended = (result?: unknown) => ({ status: 0, signal: null, stderr: '', result });

describeCapture('start()', () => {
  it('is refused the second time, and addTarget() before it and after stop()', async () => {
    expect(await play('started-twice')).toEqual(
      ended({
        before: 'STATE_NOT_RUNNING',
        second: 'STATE_ALREADY_STARTED',
        third: 'STATE_ALREADY_STARTED',
        add: 'STATE_NOT_RUNNING',
      }),
    );
  });

  it('is refused after stop() was called first', async () => {
    expect(await play('stopped-before-start')).toEqual(ended('STATE_ALREADY_STARTED'));
  });

  it('leaves no descriptor behind after stop(), however often it is done', async () => {
    expect(await play('again-and-again')).toEqual(ended(0));
  });
});

describeCapture('load()', () => {
  it('leaves no descriptor behind when start() does not follow', async () => {
    expect(await play('loaded-and-not-started')).toEqual(ended({ left: 0, start: 'STATE_ALREADY_STARTED' }));
  });

  it('is what start() goes on with', async () => {
    expect(await play('loaded-and-started')).toEqual(ended('captured'));
  });
});

describeCapture('stop()', () => {
  it('twice at once, while events arrive, ends once and lets no event follow', async () => {
    expect(await play('stopped-under-load')).toEqual(ended({ ends: 1, after: [] }));
  });

  it('can be called by a listener of data', async () => {
    expect(await play('stopped-in-listener')).toEqual(ended('stopped'));
  });

  it('while start() is under way lets it finish first', async () => {
    expect(await play('stopped-while-starting')).toEqual(ended({ starting: 'resolved', spawn: 'STATE_NOT_RUNNING' }));
  });

  it('while targets are added waits for them', async () => {
    expect(await play('stopped-while-adding')).toEqual(ended(true));
  });
});

describeCapture('a listener that throws', () => {
  it('loses no event for others, nor for itself, when the process takes the exception', async () => {
    const { status, signal, result } = await play('listener-throws');
    expect({ status, signal }).toEqual({ status: 0, signal: null });
    expect(result).toMatchObject({ jumps: [], bytes: [1_638_400, 1_638_400] });
    // At least one for each write and each read.
    expect((result as { thrown: number }).thrown).toBeGreaterThanOrEqual(200);
  });

  it('ends the process as an uncaught exception when nothing takes it', async () => {
    const { status, signal, stderr } = await play('listener-throws-unhandled');
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stderr).toContain('Error: on purpose');
  });
});

describeCapture('a capture that nobody stops', () => {
  it('does not hinder process.exit() in a listener', async () => {
    expect(await play('exit-in-listener')).toEqual(ended());
  });

  it('ends with the worker thread that it runs in', async () => {
    expect(await play('worker-terminated')).toEqual(ended('captured again'));
  });

  it('goes on when nobody holds it and garbage is collected', async () => {
    expect(await play('garbage-collected')).toEqual(ended());
  });
});
