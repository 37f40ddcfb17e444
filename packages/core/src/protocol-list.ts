// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from './errors.js';
import type { ProtocolPlugin } from './protocol-plugin.js';

/**
 * Refuses by value what would fail later: a plugin of another interface version, two of one name, a probe that can
 * never be filled.
 */
export function checkProtocols(protocols: readonly ProtocolPlugin[], maxProbeBytes: number): void {
  const names = new Set<string>();
  for (const plugin of protocols) {
    const { name, apiVersion, probeBytes } = plugin;
    if (typeof name !== 'string' || name === '') {
      throw new ConfigError('CONFIG_INVALID_OPTION', `protocols: a plugin has the name ${JSON.stringify(name)}.`, {
        hint: 'Give every plugin a name that is not empty.',
      });
    }
    // The type says 1, but a plugin may have been compiled against another version of this package.
    if ((apiVersion as number) !== 1) {
      throw new ConfigError('CONFIG_API_VERSION', `protocols: ${name} has apiVersion ${String(apiVersion)}, not 1.`, {
        hint: 'Install a version of the plugin that fits this version of @flowtap/core.',
      });
    }
    if (names.has(name)) {
      throw new ConfigError('CONFIG_DUPLICATE_PROTOCOL', `protocols: ${name} is listed twice.`, {
        hint: 'List each protocol once.',
      });
    }
    names.add(name);
    if (!Number.isSafeInteger(probeBytes) || probeBytes < 1 || probeBytes > maxProbeBytes) {
      throw new ConfigError('CONFIG_INVALID_OPTION', `protocols: ${name} has probeBytes ${String(probeBytes)}.`, {
        hint: `It must be a whole number from 1 to limits.maxProbeBytes (${maxProbeBytes}).`,
      });
    }
  }
}
