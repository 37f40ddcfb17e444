// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { NativeLoadError } from './errors.js';
import { assertSupportedPlatform } from './load-addon.js';

describe('the platform', () => {
  it.each([
    ['linux', 'x64'],
    ['linux', 'arm64'],
  ])('%s on %s is supported', (platform, arch) => {
    expect(() => assertSupportedPlatform(platform, arch)).not.toThrow();
  });

  it.each([
    ['darwin', 'x64'],
    ['darwin', 'arm64'],
    ['win32', 'x64'],
    ['linux', 'ia32'],
    ['linux', 'riscv64'],
  ])('%s on %s is refused with a code and a remedy', (platform, arch) => {
    expect(() => assertSupportedPlatform(platform, arch)).toThrow(NativeLoadError);
    expect(() => assertSupportedPlatform(platform, arch)).toThrow(
      expect.objectContaining({
        code: 'NATIVE_UNSUPPORTED_PLATFORM',
        message: expect.stringContaining(`${platform} on ${arch}. Record on a Linux machine`),
      }),
    );
  });
});
