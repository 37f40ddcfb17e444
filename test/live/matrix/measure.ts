// SPDX-License-Identifier: Apache-2.0
import { expect } from 'vitest';
import type { Certificate } from '../support/certificate.js';
import type { Flow } from '../support/flow.js';
import { attach, type Capture, type CaptureEnd } from '../support/flowtap.js';
import type { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import { judge, judgeUnreadable, Result } from './judge.js';
import { processTree } from './process-tree.js';
import { prepareStage, type Stage } from './stage.js';
import type { ClientSubject, Order, Scheme, ServerSubject, Subject, Unreadable } from './subject.js';

const schemes: readonly Scheme[] = ['http', 'https'];

/** Captures a program over both schemes with one `flowtap attach`, and compares every flow with what both ends know. */
export async function measure(
  subject: Subject,
  order: Order,
  scene: Scene,
  certificate: Certificate,
): Promise<ReadonlyMap<Scheme, string>> {
  if ('measure' in subject) return subject.measure(order, scene, certificate);
  const stages = await Promise.all(schemes.map((scheme) => prepareStage(subject, scheme, order, scene, certificate)));
  const { ended, pids } = await capture(subject, stages, order, scene).catch((error: Error) => {
    const said = stages.map(({ program }) => `\n${program.isRunning ? 'running' : 'ended'}: ${program.stderr}`);
    throw new Error(`${error.message}${said.join('')}`);
  });
  expect(ended.stats).toMatchObject({ droppedEvents: 0, droppedBytes: 0 });
  for (const exporter of ended.stats.exporters) expect(exporter).toMatchObject({ failed: 0, dropped: 0, queued: 0 });

  // An answer whose question passed before the probes were there.
  const isHalfSeen = (flow: Flow) =>
    flow.request === undefined && flow.response?.body.text?.includes('warm-up=1') === true;
  const flows = ended.flows.filter((flow) => !(subject.isFoundLate === true && order === 'after' && isHalfSeen(flow)));
  const unclaimed = new Set(flows);
  const results = new Map<Scheme, string>();
  for (const stage of stages) {
    const own = flows.filter((flow) => isOf(stage, flow));
    for (const flow of flows) if (own.includes(flow) || stage.isOther(flow)) unclaimed.delete(flow);
    for (const flow of own) expect(pids).toContain(flow.process.pid);
    const unreadable = unreadableOf(subject, stage);
    const result = unreadable === undefined ? judge(stage, order, own) : judgeUnreadable(stage, order, own, unreadable);
    const isOnceFound = subject.isFoundLate === true && order === 'after' && stage.scheme === 'https';
    results.set(stage.scheme, isOnceFound && result === Result.complete ? Result.onceFound : result);
  }
  expect([...unclaimed], 'flows of nothing that was asked for').toEqual([]);
  return results;
}

async function capture(
  subject: ServerSubject | ClientSubject,
  stages: readonly Stage[],
  order: Order,
  scene: Scene,
): Promise<{ readonly ended: CaptureEnd; readonly pids: ReadonlySet<number> }> {
  const targets = stages.flatMap(({ program }) => ['--pid', program.pid]);
  let running: Capture;
  if (order === 'before') {
    await Promise.all(stages.map(async (stage) => stage.start().then(() => stage.open())));
    running = await attach(scene, targets);
  } else {
    running = await attach(scene, targets);
    await Promise.all(stages.map((stage) => stage.start()));
    const encrypted = stages.filter(({ scheme }) => scheme === 'https');
    if (subject.isFoundLate === true) await Promise.all(encrypted.map((stage) => untilFound(stage, running)));
  }
  await Promise.all(stages.map((stage) => stage.exercise()));
  const pids = new Set(stages.flatMap(({ program }) => [...processTree(program.pid)]));
  // An opaque flow comes when its connection ends, or the capture.
  const readable = stages.filter((stage) => unreadableOf(subject, stage) === undefined);
  for (const stage of readable) await flowsOf(stage, running);
  return { ended: await running.stop(), pids };
}

async function untilFound(stage: Stage, running: Capture): Promise<void> {
  await until('a request is captured', async () => {
    await stage.warmUp();
    const ports = stage.warmUpPorts();
    return running.flows().some(({ complete, source }) => complete === true && ports.has(source?.port ?? 0));
  });
}

async function flowsOf(stage: Stage, running: Capture): Promise<void> {
  const count = stage.exchanges().length;
  const own = () => running.flows().filter((flow) => isOf(stage, flow));
  try {
    await until('all flows are there', () => own().length >= count);
  } catch {
    // What is missing shows better in the comparison.
  }
}

/** Whether it is a flow that was asked for and is measured. */
function isOf(stage: Stage, flow: Flow): boolean {
  if (stage.isOther(flow)) return false;
  if (flow.kind === 'opaque') return flow.process.pid === stage.program.pid;
  return flow.role === stage.role && flow.destination?.port === stage.port();
}

function unreadableOf(subject: ServerSubject | ClientSubject, { scheme }: Stage): Unreadable | undefined {
  return subject.role === 'client' && scheme === 'https' ? subject.unreadable : undefined;
}
