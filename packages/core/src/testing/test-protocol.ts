// SPDX-License-Identifier: Apache-2.0
import { deepStrictEqual, ok, strictEqual } from 'node:assert/strict';
import type { Direction } from '../events.js';
import type { Probe, ProtocolPlugin } from '../parsing/protocol-plugin.js';
import { checkBounds } from './check-bounds.js';
import { chunkings } from './chunkings.js';
import { type ParserRun, type ParserRunOptions, type ParserStep, runParser } from './parser-run.js';
import { pseudoRandomBytes } from './pseudo-random.js';

/** A conversation that a protocol's parser must understand. */
export interface ProtocolVector extends ParserRunOptions {
  readonly name: string;
  /** Messages in wire order. A string is taken byte for byte (latin1). */
  readonly messages: readonly { readonly direction: Direction; readonly bytes: Buffer | string }[];
  /** Throws unless the result is right; the other checks only compare with it. */
  readonly verify: (run: ParserRun) => void;
  /** Whether `detect` must claim the conversation or must not. @default true */
  readonly detects?: boolean;
}

const NOISE_BYTES = 4096;

/**
 * Checks what every protocol plugin promises, on the plugin's own vectors: the same exchanges however the bytes are
 * cut and whether or not somebody listens for updates, no exception whatever is missing or appended, no use of borrowed
 * bytes, nothing kept or handed out beyond the limits, a pure `detect`.
 *
 * @throws AssertionError that names the vector and the way it was fed. Independent of any test runner.
 */
export function testProtocol(plugin: ProtocolPlugin, vectors: readonly ProtocolVector[]): void {
  strictEqual(plugin.apiVersion, 1, 'apiVersion');
  ok(plugin.name.length > 0, 'a plugin has a name');
  ok(Number.isSafeInteger(plugin.probeBytes) && plugin.probeBytes > 0, 'probeBytes is a positive whole number');
  for (const vector of vectors) {
    const steps = vector.messages.map(({ direction, bytes }) => ({ direction, bytes: toBuffer(bytes) }));
    const whole = named(`${vector.name}, whole`, () => {
      const run = runParser(plugin, steps, vector);
      vector.verify(run);
      return run;
    });
    checkChunkings(plugin, vector, steps, whole);
    checkUpdates(plugin, vector, steps, whole);
    checkDamage(plugin, vector, steps);
    checkDetect(plugin, vector, steps);
    named(`${vector.name}, flood`, () => checkBounds(plugin, steps, vector));
  }
  for (let seed = 1; seed <= 50; seed += 1) checkNoise(plugin, seed);
}

function checkChunkings(
  plugin: ProtocolPlugin,
  vector: ProtocolVector,
  steps: readonly { direction: Direction; bytes: Buffer }[],
  whole: ParserRun,
): void {
  const all = steps.flatMap(({ direction, bytes }) =>
    Array.from(bytes, (_, index) => ({ direction, bytes: bytes.subarray(index, index + 1) })),
  );
  named(`${vector.name}, byte by byte`, () => deepStrictEqual(runParser(plugin, all, vector), whole));
  for (const [index, step] of steps.entries()) {
    for (const { name, pieces } of chunkings(step.bytes)) {
      const cut = pieces.map((bytes) => ({ direction: step.direction, bytes }));
      const fed = [...steps.slice(0, index), ...cut, ...steps.slice(index + 1)];
      named(`${vector.name}, message ${index + 1} ${name}`, () =>
        deepStrictEqual(runParser(plugin, fed, vector), whole),
      );
    }
  }
}

/** Whether somebody listens changes nothing about the exchanges, and what is announced ends. */
function checkUpdates(
  plugin: ProtocolPlugin,
  vector: ProtocolVector,
  steps: readonly { direction: Direction; bytes: Buffer }[],
  whole: ParserRun,
): void {
  named(`${vector.name}, announced`, () => {
    const { announced, ...run } = runParser(plugin, steps, { ...vector, wantsUpdates: true });
    deepStrictEqual({ ...run, announced: whole.announced }, whole);
    const ends = announced.map(({ endedAs }) => endedAs);
    ok(!ends.includes(undefined), 'an announced exchange was not emitted');
    strictEqual(new Set(ends).size, ends.length, 'two announced exchanges were emitted as one');
    ok(
      announced.every(({ exchange }) => !exchange.complete),
      'an announced exchange is not complete',
    );
  });
}

/** Only what holds for every protocol: nothing is thrown, whatever is missing, cut off or appended. */
function checkDamage(
  plugin: ProtocolPlugin,
  vector: ProtocolVector,
  steps: readonly { direction: Direction; bytes: Buffer }[],
): void {
  for (const [index, { direction, bytes }] of steps.entries()) {
    const before: readonly ParserStep[] = steps.slice(0, index);
    const after: readonly ParserStep[] = steps.slice(index + 1);
    for (let at = 0; at < bytes.length; at += 1) {
      const head = { direction, bytes: bytes.subarray(0, at) };
      const tail = { direction, bytes: bytes.subarray(at) };
      const hole = { direction, gapBytes: Math.min(3, bytes.length - at) };
      const afterHole = { direction, bytes: bytes.subarray(at + hole.gapBytes) };
      named(`${vector.name}, message ${index + 1}, gap at ${at}`, () =>
        runParser(plugin, [...before, head, hole, afterHole, ...after], vector),
      );
      named(`${vector.name}, message ${index + 1}, joined at ${at}`, () =>
        runParser(plugin, [tail, ...after], { ...vector, joinedLate: true }),
      );
      named(`${vector.name}, message ${index + 1}, ends at ${at}`, () => runParser(plugin, [...before, head], vector));
    }
    const noise = { direction, bytes: pseudoRandomBytes(index + 1, NOISE_BYTES) };
    named(`${vector.name}, noise after message ${index + 1}`, () =>
      runParser(plugin, [...before, { direction, bytes }, noise, ...after], vector),
    );
  }
}

function checkDetect(
  plugin: ProtocolPlugin,
  vector: ProtocolVector,
  steps: readonly { direction: Direction; bytes: Buffer }[],
): void {
  const seen: Record<Direction, Buffer> = { ingress: Buffer.alloc(0), egress: Buffer.alloc(0) };
  let answer: string = 'need-more';
  for (const { direction, bytes } of steps) {
    if (answer !== 'need-more') break;
    for (let end = 1; end <= bytes.length && answer === 'need-more'; end += 1) {
      const shown = Buffer.concat([seen[direction], bytes.subarray(0, end)]).subarray(0, plugin.probeBytes);
      answer = ask(plugin, { ...seen, [direction]: shown }, vector);
    }
    seen[direction] = Buffer.concat([seen[direction], bytes]).subarray(0, plugin.probeBytes);
  }
  strictEqual(answer === 'match', vector.detects ?? true, `[${vector.name}, detect byte by byte] answered ${answer}`);
}

function checkNoise(plugin: ProtocolPlugin, seed: number): void {
  const bytes = pseudoRandomBytes(seed, NOISE_BYTES);
  named(`noise ${seed}`, () => {
    const half = bytes.subarray(NOISE_BYTES / 2);
    const steps = [
      { direction: 'ingress', bytes },
      { direction: 'egress', bytes: half },
    ] as const;
    runParser(plugin, steps);
    runParser(plugin, steps, {
      joinedLate: true,
      limits: { maxHeaderBytes: 64, maxBodyBytes: 1, maxPendingExchanges: 1 },
    });
    const enough = bytes.subarray(0, Math.min(plugin.probeBytes, NOISE_BYTES));
    const answer = ask(plugin, { ingress: enough, egress: enough }, {});
    if (enough.length === plugin.probeBytes) ok(answer !== 'need-more', 'need-more although it has probeBytes');
  });
}

/** Asks twice, because `detect` is pure. */
function ask(plugin: ProtocolPlugin, seen: Record<Direction, Buffer>, options: ParserRunOptions): string {
  const joinedLate = options.joinedLate ?? false;
  const connection = { id: 1, role: 'unknown', transport: 'tcp', joinedLate, ...options.connection } as const;
  const probe: Probe = { ...seen, joinedLate, connection, layer: options.layer ?? 'raw' };
  const answer = plugin.detect(probe);
  ok(['match', 'no-match', 'need-more'].includes(answer), `detect answered ${String(answer)}`);
  strictEqual(plugin.detect(probe), answer, 'detect answers the same for the same bytes');
  return answer;
}

function toBuffer(bytes: Buffer | string): Buffer {
  return typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
}

/** Puts the way of feeding in front of whatever goes wrong. */
function named<T>(name: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error) error.message = `[${name}] ${error.message}`;
    throw error;
  }
}
