// SPDX-License-Identifier: Apache-2.0
import { createReadStream, existsSync, readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TapStats } from '@flowtap/core';
import { FLOWTAP } from '../flowtap-command.js';
import { Child } from './child.js';
import { cpuSeconds, peakResidentBytes } from './process-usage.js';

const READY_TIMEOUT_MS = 30_000;
const END_TIMEOUT_MS = 30_000;
const QUIET_MS = 200;

/** What a capture had done at its end. */
export interface CaptureResult {
  readonly flows: number;
  /** Flows with a request and its whole response. */
  readonly completeFlows: number;
  readonly droppedEvents: number;
  readonly droppedBytes: number;
  /** Flows that the output did not get. */
  readonly droppedFlows: number;
  readonly gaps: number;
  readonly events: number;
  readonly peakResidentBytes: number;
  /** All of its processor time since everything was attached, what it did after the load included. */
  readonly cpuSeconds: number;
}

/** `flowtap attach` in a process of its own, as a user starts it, writing every flow as a JSON line. */
export class Agent {
  readonly pid: number;
  readonly #child: Child;
  readonly #directory: string;
  readonly #cpuAtStart: number;

  private constructor(child: Child, directory: string) {
    this.#child = child;
    this.#directory = directory;
    this.pid = child.pid;
    this.#cpuAtStart = cpuSeconds(child.pid);
  }

  static async attach(pid: number, directory: string): Promise<Agent> {
    await mkdir(directory, { recursive: true });
    const file = (name: string) => join(directory, name);
    const files = [
      '--output',
      `jsonl:${file('flows.jsonl')}`,
      '--stats',
      file('stats.json'),
      '--ready-file',
      file('ready'),
    ];
    const child = new Child(FLOWTAP, ['attach', '--pid', String(pid), ...files]);
    await child.until('everything was attached', READY_TIMEOUT_MS, () => existsSync(file('ready')));
    return new Agent(child, directory);
  }

  /** Lets it catch up, ends it and reads what it has written; its files are removed. */
  async finish(): Promise<CaptureResult> {
    await this.#untilQuiet();
    const used = cpuSeconds(this.pid) - this.#cpuAtStart;
    const peakBytes = peakResidentBytes(this.pid);
    await this.#child.stop('SIGINT', END_TIMEOUT_MS);
    const stats = JSON.parse(readFileSync(join(this.#directory, 'stats.json'), 'utf8')) as TapStats;
    const lines = await countFlows(join(this.#directory, 'flows.jsonl'));
    await rm(this.#directory, { recursive: true });
    return {
      flows: lines.all,
      completeFlows: lines.complete,
      droppedEvents: stats.droppedEvents,
      droppedBytes: stats.droppedBytes,
      droppedFlows: stats.exporters.reduce((sum, { dropped, failed, queued }) => sum + dropped + failed + queued, 0),
      gaps: stats.gaps,
      events: stats.events,
      peakResidentBytes: peakBytes,
      cpuSeconds: used,
    };
  }

  /** Ends it at once, after a failure of something else. */
  async abort(): Promise<void> {
    await this.#child.stop('SIGKILL', END_TIMEOUT_MS);
  }

  async #untilQuiet(): Promise<void> {
    for (let before = -1, now = cpuSeconds(this.pid); now - before > 0.01; now = cpuSeconds(this.pid)) {
      before = now;
      await sleep(QUIET_MS);
    }
  }
}

/** Lines of a file of flows. Bodies cannot fake the mark: JSON escapes the quotes in them. */
async function countFlows(path: string): Promise<{ all: number; complete: number }> {
  let all = 0;
  let complete = 0;
  let rest = '';
  for await (const chunk of createReadStream(path, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop() ?? '';
    all += lines.length;
    for (const line of lines) if (line.includes('"complete":true')) complete += 1;
  }
  return { all, complete };
}
