// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { inSteps } from './in-steps.js';

test('the processor is yielded after every 16 items, and all come in order', () => {
  const log: (number | 'yield')[] = [];
  const items = Array.from({ length: 35 }, (_, i) => i);
  for (const item of inSteps(items, { yieldProcessor: () => log.push('yield') })) log.push(item);
  expect(log).toEqual([...items.slice(0, 16), 'yield', ...items.slice(16, 32), 'yield', ...items.slice(32)]);
});

test('without anybody to wait the items are all there is', () => {
  expect([...inSteps([1, 2, 3], {})]).toEqual([1, 2, 3]);
});
