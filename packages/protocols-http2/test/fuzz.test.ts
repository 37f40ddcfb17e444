// SPDX-License-Identifier: Apache-2.0
import { type ParserRunOptions, type ParserStep, type Recording, runParser } from '@flowtap/core/testing';
import { expect, test } from 'vitest';
import { http2 } from '../src/index.js';
import { recordNode } from './node-recording.js';

/** `npm run fuzz` sets it; a few seconds are part of every test run. */
const SECONDS = Number(process.env['FLOWTAP_FUZZ_SECONDS'] ?? 3);
const FIRST_SEED = Number(process.env['FLOWTAP_FUZZ_SEED'] ?? Date.now() % 1_000_000);

/** Linear work takes a fraction of this for a recording of 100 KB, quadratic work many times it. */
const MAX_RUN_MS = 3000;
const MAX_GROWTH_BYTES = 200e6;

type Random = (below: number) => number;

/** mulberry32: the same numbers for the same seed. */
function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

function mutate(recording: Recording, random: Random): ParserStep[] {
  let steps: ParserStep[] = recording.map(({ direction, bytes }) => ({ direction, bytes: Buffer.from(bytes) }));
  if (random(3) === 0) steps = steps.slice(random(steps.length));
  for (let left = random(8); left > 0; left--) {
    const at = random(steps.length);
    const step = steps[at];
    if (step === undefined || 'gapBytes' in step || step.bytes.length === 0) continue;
    const { direction, bytes } = step;
    const place = random(bytes.length);
    switch (random(8)) {
      case 0:
        bytes[place] = random(256);
        break;
      case 1:
        bytes[place] = (bytes[place] ?? 0) ^ (1 << random(8));
        break;
      case 2:
        steps.splice(at, 1);
        break;
      case 3:
        steps.splice(random(steps.length), 0, { direction, bytes: Buffer.from(bytes) });
        break;
      case 4:
        steps.splice(at, 1, { direction, bytes: bytes.subarray(0, place) }, { direction, gapBytes: 1 + random(2000) });
        break;
      case 5:
        steps.splice(at, 1, { direction, bytes: bytes.subarray(place) });
        break;
      case 6:
        steps.splice(at, 1, { direction: direction === 'egress' ? 'ingress' : 'egress', bytes });
        break;
      default: {
        const noise = Buffer.from(Array.from({ length: random(300) }, () => random(random(4) === 0 ? 256 : 12)));
        steps.splice(at, 0, { direction, bytes: noise });
      }
    }
  }
  return random(2) === 0 ? steps : steps.flatMap((step) => cut(step, 1 + random(2000)));
}

function cut(step: ParserStep, size: number): ParserStep[] {
  if ('gapBytes' in step) return [step];
  const { direction, bytes } = step;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => ({
    direction,
    bytes: bytes.subarray(i * size, (i + 1) * size),
  }));
}

test(
  `mutated recordings for ${SECONDS} s, from seed ${FIRST_SEED}: no throw, bounded time and memory`,
  async () => {
    const recording = await recordNode(60);
    const limitsOf = (random: Random): ParserRunOptions => ({
      joinedLate: random(2) === 0,
      ...(random(2) === 0 ? { connection: { role: random(2) === 0 ? 'client' : 'server' } } : {}),
      limits: {
        maxHeaderBytes: [64, 500, 65_536][random(3)] ?? 64,
        maxBodyBytes: [0, 100, 1_048_576][random(3)] ?? 0,
        maxPendingExchanges: [1, 10, 1000][random(3)] ?? 1,
      },
    });
    const before = process.memoryUsage().rss;
    const until = performance.now() + SECONDS * 1000;
    let runs = 0;
    for (let seed = FIRST_SEED; performance.now() < until; seed++, runs++) {
      const random = randomFrom(seed);
      const steps = mutate(recording, random);
      const options = limitsOf(random);
      const start = performance.now();
      try {
        const { exchanges } = runParser(http2(), steps, options);
        for (const { complete, error } of exchanges) expect(complete || error !== undefined).toBe(true);
      } catch (cause) {
        throw new Error(`seed ${seed}: FLOWTAP_FUZZ_SEED=${seed} npm run fuzz`, { cause });
      }
      expect(performance.now() - start, `time of seed ${seed}`).toBeLessThan(MAX_RUN_MS);
      // Lets the collector run and the test runner hear that all is well.
      if (runs % 200 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(process.memoryUsage().rss - before).toBeLessThan(MAX_GROWTH_BYTES);
    expect(runs).toBeGreaterThan(0);
  },
  SECONDS * 1000 + 60_000,
);
