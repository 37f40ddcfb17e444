// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { startForker } from './support/forker.js';
import { describeCapture } from './support/needs.js';
import { Recorder } from './support/recorder.js';
import type { SentEvent } from './support/recorder-messages.js';
import { until } from './support/until.js';
import { useWorkshop } from './support/workshop.js';

const workshop = useWorkshop('recorder.ts', 'forker.c', 'identity.c');

/** Processes that wrote, each what is its own. */
function writers(events: readonly SentEvent[]): number[] {
  return events.flatMap((event) => {
    if (event.type !== 'data' || event.direction !== 'egress') return [];
    expect(event.bytes).toBe(`child ${event.pid}\n`);
    return [event.pid];
  });
}

/** More children of a program that forks without a pause were captured. */
async function untilCaptured(recorder: Recorder, children: number): Promise<void> {
  const before = recorder.data.length;
  await until(`${children} children are captured`, () => recorder.data.length - before >= 2 * children);
}

/** A program that was started and ended after now, captured: events of what happened before have arrived then. */
async function settle(recorder: Recorder): Promise<number> {
  const path = workshop.path('settle.log');
  const pid = await recorder.run(workshop.program('identity.c'), path, 'asked-for-name');
  await until('events until now have arrived', () =>
    recorder.events.some((event) => event.type === 'process' && event.action === 'exit' && event.pid === pid),
  );
  return pid;
}

/** Lasts as long as a program needs that is started, captured and ends: its children come and go all the while. */
async function expectSilence(recorder: Recorder): Promise<void> {
  await settle(recorder);
  const before = recorder.data.length;
  await settle(recorder);
  await settle(recorder);
  expect(recorder.data.slice(before)).toEqual([]);
}

describeCapture('a running process as a target', () => {
  it('is captured with its descendants, also those that it forks meanwhile, and no other process', async () => {
    const bystander = await startForker(workshop);
    const wanted = await startForker(workshop);
    const recorder = await Recorder.start(workshop);
    const { pids } = await recorder.add({ pid: wanted.top });
    expect(pids).toEqual(expect.arrayContaining([wanted.top, wanted.forking]));
    expect(pids).not.toContain(bystander.forking);
    await untilCaptured(recorder, 50);
    const events = await recorder.stop();

    const children = writers(events);
    expect(new Set(children).size).toBe(children.length);
    const known = new Set(events.flatMap((event) => (event.type === 'process' ? [event.pid] : [])));
    for (const pid of children) expect(known).toContain(pid);
    expect(known).not.toContain(bystander.top);
    expect(known).not.toContain(bystander.forking);
    for (const event of events) if ('pid' in event) expect(event.pid).not.toBe(bystander.forking);
  });

  it('is captured no more, with its descendants, once it is removed while it forks', async () => {
    const { top } = await startForker(workshop);
    const recorder = await Recorder.start(workshop);
    for (let turn = 0; turn < 5; turn++) {
      const { handle } = await recorder.add({ pid: top });
      await untilCaptured(recorder, 20);
      await recorder.remove(handle);
      await recorder.remove(handle);
    }
    await expectSilence(recorder);
  });

  it.each(['outer', 'inner'] as const)(
    'stays, when the %s one of two is removed, as far as the other covers it',
    async (first) => {
      const { top, forking } = await startForker(workshop);
      const recorder = await Recorder.start(workshop);
      const handles = {
        outer: (await recorder.add({ pid: top })).handle,
        inner: (await recorder.add({ pid: forking })).handle,
      };
      await untilCaptured(recorder, 10);
      await recorder.remove(handles[first]);
      await settle(recorder);
      await untilCaptured(recorder, 10);
      await recorder.remove(handles[first === 'outer' ? 'inner' : 'outer']);
      await expectSilence(recorder);
    },
  );

  it.each([
    ['a process that is not there', { pid: 2 ** 22 + 1 }, 'TARGET_NOT_FOUND'],
    ['no process id', { pid: 0 }, 'TARGET_INVALID'],
    ['no process id', { pid: 1.5 }, 'TARGET_INVALID'],
    ['a cgroup that is not there', { cgroup: '/no/such/group' }, 'TARGET_NOT_FOUND'],
  ])('is refused: %s', async (_, target, code) => {
    const recorder = await Recorder.start(workshop);
    await expect(recorder.add(target)).rejects.toMatchObject({ code });
    await expect(recorder.add({ pid: recorder.pid })).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  });
});

const hierarchies = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup', '/sys/fs/cgroup/cpu', '/sys/fs/cgroup/pids'].filter(
  (path) => existsSync(join(path, 'cgroup.procs')),
);

describeCapture('a control group as a target', () => {
  it.each(hierarchies)('in %s is captured with the groups below it, as processes come and go', async (hierarchy) => {
    const group = join(hierarchy, `flowtap-test-${process.pid}`);
    const below = join(group, 'below');
    mkdirSync(below, { recursive: true });
    onTestFinished(async () => {
      await until('the groups are empty', () => tryRemove(below) && tryRemove(group));
    });
    const { forking } = await startForker(workshop);
    const recorder = await Recorder.start(workshop);
    const { pids, handle } = await recorder.add({ cgroup: group });
    expect(pids).toEqual([]);
    writeFileSync(join(below, 'cgroup.procs'), String(forking));
    await untilCaptured(recorder, 20);
    writeFileSync(join(hierarchy, 'cgroup.procs'), String(forking));
    await expectSilence(recorder);
    writeFileSync(join(group, 'cgroup.procs'), String(forking));
    await untilCaptured(recorder, 20);
    await recorder.remove(handle);
    await expectSilence(recorder);
  });
});

/** Those that containers are looked for in: version 2, and one of version 1. */
const containerRoots = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup', '/sys/fs/cgroup/memory'].filter((path) =>
  existsSync(join(path, 'cgroup.procs')),
);

describeCapture('a container as a target', () => {
  const container = createHash('sha256').update(`${process.pid}`).digest('hex');
  const names = [container, `docker-${container}.scope`, `libpod-${container}.scope`];
  const cases = containerRoots.flatMap((root) => names.map((name) => ({ root, name })));

  it.each(cases)('is captured as soon as its cgroup is made: $root $name', async ({ root, name }) => {
    const engine = join(root, `flowtap-engine-${process.pid}`);
    const group = join(engine, name);
    const nested = join(group, 'nested');
    onTestFinished(async () => {
      await until('the groups are empty', () => [nested, group, engine].every(tryRemove));
    });
    const { forking } = await startForker(workshop);
    const recorder = await Recorder.start(workshop);
    const { pids, handle } = await recorder.add({ container });
    expect(pids).toEqual([]);
    for (let restart = 0; restart < 2; restart++) {
      mkdirSync(nested, { recursive: true });
      writeFileSync(join(restart === 0 ? group : nested, 'cgroup.procs'), String(forking));
      await untilCaptured(recorder, 20);
      writeFileSync(join(root, 'cgroup.procs'), String(forking));
      await expectSilence(recorder);
      await until('the groups are empty', () => [nested, group].every(tryRemove));
    }
    await recorder.remove(handle);
    mkdirSync(group);
    writeFileSync(join(group, 'cgroup.procs'), String(forking));
    await expectSilence(recorder);
  });

  it.each(containerRoots)('is captured when it runs already, and goes on when it is added anew: %s', async (root) => {
    const group = join(root, `docker-${container}.scope`);
    mkdirSync(group);
    onTestFinished(async () => {
      await until('the group is empty', () => tryRemove(group));
    });
    const { top, forking } = await startForker(workshop);
    for (const pid of [top, forking]) writeFileSync(join(group, 'cgroup.procs'), String(pid));
    const recorder = await Recorder.start(workshop);
    const first = await recorder.add({ container, pid: top });
    expect(first.pids).toContain(top);
    await untilCaptured(recorder, 20);
    const second = await recorder.add({ container, pid: top });
    await recorder.remove(first.handle);
    await settle(recorder);
    await untilCaptured(recorder, 20);
    await recorder.remove(second.handle);
    await expectSilence(recorder);
  });

  it('is known by its id in the events of its processes', async () => {
    const group = join(containerRoots[0] ?? '', container);
    mkdirSync(group);
    onTestFinished(async () => {
      await until('the group is empty', () => tryRemove(group));
    });
    const { top, forking } = await startForker(workshop);
    writeFileSync(join(group, 'cgroup.procs'), String(top));
    const recorder = await Recorder.start(workshop);
    await recorder.add({ pid: top });
    const events = await recorder.stop();
    const containerOf = (pid: number) =>
      events.flatMap((event) => (event.type === 'process' && event.pid === pid ? [event.containerId] : []))[0];
    expect(containerOf(top)).toBe(container);
    expect(containerOf(forking)).toBeUndefined();
  });

  it.each(['web', container.slice(1), container.toUpperCase()])('is refused without a whole id: %s', async (id) => {
    const recorder = await Recorder.start(workshop);
    await expect(recorder.add({ container: id })).rejects.toMatchObject({ code: 'TARGET_INVALID' });
  });
});

function tryRemove(path: string): boolean {
  try {
    rmdirSync(path);
  } catch {
    return !existsSync(path);
  }
  return true;
}
