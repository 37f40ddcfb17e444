// SPDX-License-Identifier: Apache-2.0
import { runParser, testProtocol } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { http1 } from '../src/index.js';
import { outlines } from './outline.js';
import { stepsOf, VECTORS } from './vectors.js';

describe('conversations, whole, byte by byte, at every split and with gaps at every place', () => {
  test.each(VECTORS)('$name', ({ name, wire, expected, handover, detects, ...options }) => {
    const steps = stepsOf(wire);
    const whole = runParser(http1(), steps, options);
    expect(outlines(whole)).toEqual(expected);
    if (handover !== undefined) {
      const { to, ...rest } = handover;
      expect(whole.handover?.to).toBe(to);
      expect(whole.handover?.rest).toEqual(rest);
    }
    const vector = { name, messages: steps, verify: () => {}, detects: detects ?? true, ...options };
    testProtocol(http1(), [vector]);
  });
});
