// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '../errors.js';
import { requireInterface } from '../require-interface.js';
import type { ProtocolPlugin } from './protocol-plugin.js';

/** @throws ConfigError when `value` has another interface version, or lacks what the interface demands. */
export function requirePlugin(value: unknown): asserts value is ProtocolPlugin {
  requireInterface(value, { option: 'protocols', kind: 'protocol plugin', methods: ['detect', 'createParser'] });
}

/**
 * Refuses by value what would fail later: a plugin of another interface version, two of one name, a probe that can
 * never be filled.
 */
export function checkProtocols(protocols: readonly ProtocolPlugin[], maxProbeBytes: number): void {
  const names = new Set<string>();
  for (const plugin of protocols) {
    requirePlugin(plugin);
    const { name, probeBytes } = plugin;
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
