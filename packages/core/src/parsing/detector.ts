// SPDX-License-Identifier: Apache-2.0

import type { ConnectionInfo, Layer } from '../events.js';
import type { Counters } from '../tap/counters.js';
import type { Detection, Probe, ProtocolPlugin } from './protocol-plugin.js';

/** First bytes of an undetected stream, longer than a single plugin may ask for. */
export interface ProbeInput {
  readonly ingress: Buffer;
  readonly egress: Buffer;
  readonly joinedLate: boolean;
  readonly connection: ConnectionInfo;
  readonly layer: Layer;
}

export type Verdict = ProtocolPlugin | 'need-more' | 'none';

/**
 * Asks every protocol in registration order. The first match wins; a `need-more` blocks the protocols behind it, so
 * that the order of registration decides and not how the bytes happened to be cut.
 */
export class Detector {
  readonly #plugins: readonly ProtocolPlugin[];
  readonly #counters: Counters;

  constructor(plugins: readonly ProtocolPlugin[], counters: Counters) {
    this.#plugins = plugins;
    this.#counters = counters;
  }

  byName(name: string): ProtocolPlugin | undefined {
    return this.#plugins.find((plugin) => plugin.name === name || plugin.upgradeTokens?.includes(name) === true);
  }

  /** `final`: no more bytes will be shown, so `need-more` means no. */
  decide(input: ProbeInput, final: boolean): Verdict {
    for (const plugin of this.#plugins) {
      const detection = this.#ask(plugin, input);
      if (detection === 'match') return plugin;
      if (detection === 'need-more' && !final && !hasAll(plugin, input)) return 'need-more';
    }
    return 'none';
  }

  #ask(plugin: ProtocolPlugin, input: ProbeInput): Detection {
    const ingress = clip(input.ingress, plugin.probeBytes);
    const egress = clip(input.egress, plugin.probeBytes);
    const { joinedLate, connection, layer } = input;
    const probe: Probe = { ingress, egress, joinedLate, connection, layer };
    try {
      return plugin.detect(probe);
    } catch {
      this.#counters.add(`parser-error:${plugin.name}`);
      return 'no-match';
    }
  }
}

/** A plugin that has all the bytes it asked for and still wants more breaks its contract and must not block others. */
function hasAll(plugin: ProtocolPlugin, input: ProbeInput): boolean {
  return input.ingress.length >= plugin.probeBytes && input.egress.length >= plugin.probeBytes;
}

function clip(bytes: Buffer, length: number): Buffer {
  return bytes.length <= length ? bytes : bytes.subarray(0, length);
}
