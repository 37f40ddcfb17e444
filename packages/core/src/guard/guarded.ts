// SPDX-License-Identifier: Apache-2.0
import { requirePlugin } from '../parsing/protocol-list.js';
import type { ProtocolPlugin } from '../parsing/protocol-plugin.js';

/** Known by a symbol of the registry, so that a tap knows it also from another copy of this package. */
const MARKER = Symbol.for('flowtap.guarded');

/**
 * A plugin whose code is not trusted to end: a tap runs it under a watchdog (`TapLimits.parserTimeoutMs`). A call that takes
 * too long costs the connection that it was for and nothing else; `parser-timeout:<name>` counts it. A plugin that was
 * interrupted many times is asked no more; `plugin-off:<name>` counts what it would have been asked.
 *
 * It costs a copy of the bytes, and about 50 µs for each batch of events and for each question whether a connection is of
 * its protocol. Its flows come out when the batch of events ends. What a plugin starts on its own, such as a timer, is not
 * guarded.
 *
 * @throws ConfigError with code `CONFIG_API_VERSION` or `CONFIG_INVALID_OPTION` when it is no plugin.
 * @example
 * createTap({ source, protocols: [guarded(memcached()), http1()] });
 */
export function guarded(plugin: ProtocolPlugin): ProtocolPlugin {
  requirePlugin(plugin);
  const { name, probeBytes, upgradeTokens, continuesExchange } = plugin;
  const marked = {
    apiVersion: 1,
    name,
    probeBytes,
    ...(upgradeTokens === undefined ? {} : { upgradeTokens }),
    ...(continuesExchange === undefined ? {} : { continuesExchange }),
    // The plugin may be an instance of a class.
    detect: (probe) => plugin.detect(probe),
    createParser: (context) => plugin.createParser(context),
    [MARKER]: true,
  } satisfies ProtocolPlugin & Record<typeof MARKER, true>;
  return marked;
}

export function isGuarded(plugin: ProtocolPlugin): boolean {
  return MARKER in plugin;
}
