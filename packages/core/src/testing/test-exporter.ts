// SPDX-License-Identifier: Apache-2.0
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Exporter, ExportResult } from '../delivery/exporter.js';
import type { ExchangeFlow, Flow } from '../flow/flow.js';
import type { FlowUpdate } from '../flow/flow-update.js';
import { flowSamples } from './flow-samples.js';

/** An exporter and where its flows go. */
export interface ExporterSubject {
  /** A new one, which nobody has started. */
  readonly exporter: Exporter;
  /** Ids of the flows that are there, in order. Asked when the exporter was flushed. */
  delivered(): readonly string[] | Promise<readonly string[]>;
  /** The flows that it sends; it leaves out the others on purpose. @default all */
  readonly takes?: (flow: Flow) => boolean;
  /** Removes what the subject has set up. */
  dispose?(): void | Promise<void>;
}

export interface ExporterTestOptions {
  /** For each of the checks, in milliseconds. @default 10000 */
  readonly timeoutMs?: number;
}

type Create = () => ExporterSubject | Promise<ExporterSubject>;

const MANY = 512;

/**
 * Checks what every exporter promises to the pipeline in front of it: flows of every kind arrive once, in order and unchanged,
 * as soon as it is flushed; nothing is thrown; a signal that is over is respected; its end is an end.
 *
 * @param create makes a new subject for each check.
 * @throws AssertionError that names the check. Independent of any test runner.
 */
export async function testExporter(create: Create, { timeoutMs = 10_000 }: ExporterTestOptions = {}): Promise<void> {
  const check = (name: string, run: (subject: ExporterSubject) => Promise<void>) =>
    checkOne(name, create, run, timeoutMs);
  await check('a flow of every kind', async (subject) => {
    const flows = flowSamples().map(frozen);
    const before = flows.map(snapshot);
    await expectOk(subject, []);
    await expectOk(subject, flows.slice(0, 1));
    await expectOk(subject, flows.slice(1));
    deepStrictEqual(flows.map(snapshot), before, 'flows belong to all exporters: they must not be changed');
    await subject.exporter.flush();
    deepStrictEqual(await subject.delivered(), expectedIds(subject, flows), 'after flush');
    await subject.exporter.flush();
    await subject.exporter.shutdown();
    deepStrictEqual(await subject.delivered(), expectedIds(subject, flows), 'after shutdown');
  });
  await check('many flows, shut down without a flush', async (subject) => {
    const [sample] = flowSamples();
    const flows = Array.from({ length: MANY }, (_, index) => ({ ...sample, id: `flow-${index}` }) as Flow);
    await expectOk(subject, flows);
    await subject.exporter.shutdown();
    deepStrictEqual(await subject.delivered(), expectedIds(subject, flows), 'after shutdown');
  });
  await check('nothing to export', async (subject) => {
    await subject.exporter.flush();
    await subject.exporter.shutdown();
    deepStrictEqual(await subject.delivered(), [], 'after shutdown');
  });
  await check('a signal that is over', async (subject) => {
    const result = await subject.exporter.export(flowSamples(), { signal: AbortSignal.abort(new Error('over')) });
    requireResult(result);
    await subject.exporter.shutdown();
  });
  await check('updates', async (subject) => {
    const { exporter } = subject;
    if (exporter.exportUpdates === undefined) return;
    const signal = new AbortController().signal;
    strictEqual(requireResult(await exporter.exportUpdates(updates(), { signal })).status, 'ok');
    await expectOk(subject, flowSamples());
    await exporter.shutdown();
    deepStrictEqual(await subject.delivered(), expectedIds(subject, flowSamples()), 'after shutdown');
  });
}

async function checkOne(
  name: string,
  create: Create,
  run: (subject: ExporterSubject) => Promise<void>,
  timeoutMs: number,
): Promise<void> {
  const subject = await create();
  try {
    const { exporter } = subject;
    strictEqual(exporter.apiVersion, 1, 'apiVersion');
    ok(exporter.name.length > 0, 'an exporter has a name');
    const whole = async () => {
      await exporter.start?.();
      await run(subject);
    };
    await within(timeoutMs, whole());
  } catch (error) {
    if (error instanceof Error) error.message = `[${name}] ${error.message}`;
    throw error;
  } finally {
    await subject.dispose?.();
  }
}

async function within(timeoutMs: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the exporter takes more than ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function expectOk({ exporter }: ExporterSubject, flows: readonly Flow[]): Promise<void> {
  const result = requireResult(await exporter.export(flows, { signal: new AbortController().signal }));
  if (result.status !== 'ok') throw result.error;
}

function requireResult(result: ExportResult): ExportResult {
  ok(['ok', 'retry', 'failed'].includes(result?.status), `export answered ${JSON.stringify(result)}`);
  if (result.status !== 'ok') ok(result.error instanceof Error, 'what was not exported has an error');
  return result;
}

function expectedIds({ takes = () => true }: ExporterSubject, flows: readonly Flow[]): readonly string[] {
  return flows.filter(takes).map(({ id }) => id);
}

function updates(): readonly FlowUpdate[] {
  const flow = flowSamples().find((sample) => sample.kind === 'flow' && sample.messages !== undefined) as ExchangeFlow;
  const open = { ...flow, complete: false, messages: [], messageCount: 0 };
  const told = (flow.messages ?? []).map(
    (message, index): FlowUpdate => ({ kind: 'message', flowId: flow.id, flow: open, index, message }),
  );
  return [{ kind: 'open', flow: open }, ...told];
}

/** Whoever writes to a flow fails at once. Bytes cannot be frozen; `snapshot` has them. */
function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}

function snapshot(flow: Flow): Flow {
  return structuredClone(flow);
}
