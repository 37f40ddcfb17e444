// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { parseChoice } from './choice.js';

it('takes a word of the list and names the list otherwise', () => {
  expect(parseChoice('--backend', ['auto', 'kprobe'], 'kprobe')).toBe('kprobe');
  expect(() => parseChoice('--backend', ['auto', 'kprobe'], 'ebpf')).toThrow(
    "--backend: 'ebpf' is not one of auto, kprobe.",
  );
});
