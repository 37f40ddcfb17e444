// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '@flowtap/core';
import { describe, expect, it } from 'vitest';
import { type BpfSourceOptions, resolveOptions } from './options.js';

describe('options', () => {
  it('have defaults', () => {
    expect(resolveOptions({})).toMatchObject({
      targets: [],
      backend: 'auto',
      native: {
        ringBytes: 16_777_216,
        headroomBytes: 2_097_152,
        watermarkBytes: 8_388_608,
        maxCallBytes: 8_388_608,
      },
    });
  });

  it.each([
    { ringBytes: 65_536 },
    { ringBytes: 1_073_741_824 },
    { maxCallBytes: 0 },
    { maxCallBytes: 0xffff_ffff },
    { backend: 'kprobe' },
    { backend: 'tracepoint' },
  ] as const)('are allowed up to their limits: %j', (options) => {
    const { backend, native } = resolveOptions(options);
    expect({ backend, ...native }).toMatchObject(options);
  });

  it('leave room for control records in the smallest ring', () => {
    const { native } = resolveOptions({ ringBytes: 65_536 });
    expect(native.headroomBytes).toBe(8192);
    expect(native.headroomBytes + native.watermarkBytes).toBeLessThan(native.ringBytes);
  });

  it.each<[string, unknown]>([
    ['ringBytes', 0],
    ['ringBytes', 32_768],
    ['ringBytes', 65_537],
    ['ringBytes', 100_000],
    ['ringBytes', 2_147_483_648],
    ['ringBytes', 65_536.5],
    ['ringBytes', -65_536],
    ['ringBytes', Number.NaN],
    ['ringBytes', Number.POSITIVE_INFINITY],
    ['ringBytes', '65536'],
    ['maxCallBytes', -1],
    ['maxCallBytes', 1.5],
    ['maxCallBytes', 4_294_967_296],
    ['maxCallBytes', Number.NaN],
    ['maxCallBytes', '1'],
    ['backend', 'ptrace'],
    ['backend', ''],
    ['backend', null],
  ])('are refused with the name, the value and what is allowed: %s = %j', (option, value) => {
    const options = { [option]: value } as BpfSourceOptions;
    expect(() => resolveOptions(options)).toThrow(ConfigError);
    expect(() => resolveOptions(options)).toThrow(new RegExp(`^${option} is .*It must be `));
  });
});
