// SPDX-License-Identifier: Apache-2.0
import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NativeLoadError } from './errors.js';
import type { NativeAddon } from './records/native-binding.js';

const require = createRequire(import.meta.url);
// One level up from src/ and from dist/ alike.
const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));

let loaded: NativeAddon | undefined;

/** @throws NativeLoadError */
export function assertSupportedPlatform(platform: string = process.platform, arch: string = process.arch): void {
  if (platform !== 'linux' || (arch !== 'x64' && arch !== 'arm64')) {
    throw new NativeLoadError(
      'NATIVE_UNSUPPORTED_PLATFORM',
      `Capturing needs Linux on x64 or arm64; this is ${platform} on ${arch}.`,
      {
        hint: 'Record on a Linux machine with --record and replay the event log here.',
      },
    );
  }
}

/**
 * Loads the prebuilt addon. Nothing is loaded at import, so that the package can be imported anywhere.
 * @throws NativeLoadError
 */
export function loadAddon(): NativeAddon {
  if (loaded) return loaded;
  assertSupportedPlatform();
  const nodeGypBuild = require('node-gyp-build') as ((root: string) => NativeAddon) & { path(root: string): string };
  let path: string;
  try {
    path = nodeGypBuild.path(packageRoot);
  } catch (cause) {
    throw new NativeLoadError(
      'NATIVE_BINARY_MISSING',
      `There is no prebuilt addon for ${process.platform}-${process.arch} in ${packageRoot}/prebuilds.`,
      { hint: 'glibc 2.31 or newer is needed (not musl); in a checkout run "npm run build".', cause },
    );
  }
  try {
    loaded = nodeGypBuild(packageRoot);
    return loaded;
  } catch (cause) {
    throw new NativeLoadError(
      'NATIVE_LOAD_FAILED',
      `The addon ${path} cannot be loaded: ${(cause as Error).message}.`,
      {
        hint: 'Reinstall the package on this machine, or rebuild it with "npm run build".',
        cause,
      },
    );
  }
}
