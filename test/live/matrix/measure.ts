// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import type { Certificate } from '../support/certificate.js';
import type { Flow } from '../support/flow.js';
import { attach, type Capture, type CaptureEnd } from '../support/flowtap.js';
import type { Scene } from '../support/scene.js';
import { until } from '../support/until.js';
import type { Exchange } from './exchange.js';
import { prepareStage, type Stage } from './stage.js';
import type { Order, Scheme, Subject } from './subject.js';

/** What a cell says. */
export const Result = {
  complete: 'yes',
  /** A file that was neither running nor known to the dynamic linker: what passes until its probes are there is missed. */
  onceFound: 'yes, once found',
  /** The first request came while a thread waited inside the TLS library since before there was a probe. */
  fromSecond: 'yes, from the 2nd request on',
} as const;

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
  const { ended, pids } = await capture(stages, order, scene, subject.isFoundLate ?? false).catch((error: Error) => {
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
    const result = judge(stage, order, own);
    const isOnceFound = subject.isFoundLate === true && order === 'after' && stage.scheme === 'https';
    results.set(stage.scheme, isOnceFound && result === Result.complete ? Result.onceFound : result);
  }
  expect([...unclaimed], 'flows of nothing that was asked for').toEqual([]);
  return results;
}

async function capture(
  stages: readonly Stage[],
  order: Order,
  scene: Scene,
  isFoundLate: boolean,
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
    if (isFoundLate) await Promise.all(encrypted.map((stage) => untilFound(stage, running)));
  }
  await Promise.all(stages.map((stage) => stage.exercise()));
  const pids = new Set(stages.flatMap(({ program }) => [...processTree(program.pid)]));
  for (const stage of stages) await flowsOf(stage, running);
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
  return flow.role === stage.role && flow.destination?.port === stage.port() && !stage.isOther(flow);
}

/** Exactly one flow for each exchange, each as both ends saw it. */
function judge(stage: Stage, order: Order, flows: readonly Flow[]): string {
  const others = flows.filter((flow) => flow.request === undefined && !flow.complete);
  const expected = stage.exchanges();
  const [first] = expected;
  const missesFirst = !flows.some((flow) => flow.request?.target === first?.target);
  const mayMissFirst = order === 'before' && stage.scheme === 'https' && stage.role === 'server';
  expect(stage.openedPort()).toBe(order === 'before' ? first?.clientPort : undefined);
  const seen = missesFirst && mayMissFirst ? expected.slice(1) : expected;

  expect(summary(flows.filter((flow) => !others.includes(flow)))).toEqual(seen.map(({ target }) => target).sort());
  for (const exchange of seen) expectFlow(stage, exchange, flows);
  if (missesFirst && mayMissFirst) {
    expect(others).toMatchObject([
      { complete: false, error: { code: expect.any(String) }, source: { port: first?.clientPort } },
    ]);
    return Result.fromSecond;
  }
  expect(others.length, JSON.stringify(others)).toBeLessThanOrEqual(stage.isAnsweredLate && order === 'before' ? 1 : 0);
  return Result.complete;
}

function expectFlow({ scheme, role, port }: Stage, exchange: Exchange, flows: readonly Flow[]): void {
  const flow = flows.find((candidate) => candidate.request?.target === exchange.target);
  expect(flow).toMatchObject({
    ...{ protocol: 'http/1.1', scheme, tls: scheme === 'https', role, complete: true },
    source: { address: '127.0.0.1', port: exchange.clientPort },
    destination: { address: '127.0.0.1', port: port() },
    request: { method: exchange.method, body: { size: exchange.body.length, text: exchange.body } },
    response: { status: exchange.status, body: { text: exchange.text } },
  });
  expect(flow?.error).toBeUndefined();
  expect(flow?.gaps).toBeUndefined();
}

function summary(flows: readonly Flow[]): readonly string[] {
  return flows.map((flow) => flow.request?.target ?? flow.kind).sort();
}

/** A process with its descendants. */
function* processTree(pid: number): Iterable<number> {
  yield pid;
  let threads: readonly string[];
  try {
    threads = readdirSync(`/proc/${pid}/task`);
  } catch {
    return; // has ended
  }
  for (const thread of threads) {
    for (const child of childrenOf(pid, thread)) yield* processTree(child);
  }
}

function childrenOf(pid: number, thread: string): readonly number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' ').filter(Boolean).map(Number);
  } catch {
    return []; // has ended
  }
}
