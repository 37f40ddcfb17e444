// SPDX-License-Identifier: Apache-2.0

import type { Detection, ParserContext, Probe, ProtocolParser, ProtocolPlugin } from '../parsing/protocol-plugin.js';
import type { Counters } from '../tap/counters.js';
import type { GuardBatch } from './guard-batch.js';
import { GuardedParser, type GuardedParserOwner } from './guarded-parser.js';

/** A guarded plugin as one tap uses it. */
export class WatchedPlugin implements ProtocolPlugin {
  readonly apiVersion = 1;
  readonly name: string;
  readonly probeBytes: number;
  readonly upgradeTokens?: readonly string[];
  readonly continuesExchange?: true;
  readonly #plugin: ProtocolPlugin;
  readonly #batch: GuardBatch;
  readonly #counters: Counters;

  constructor(plugin: ProtocolPlugin, batch: GuardBatch, counters: Counters) {
    this.#plugin = plugin;
    this.#batch = batch;
    this.#counters = counters;
    this.name = plugin.name;
    this.probeBytes = plugin.probeBytes;
    if (plugin.upgradeTokens !== undefined) this.upgradeTokens = plugin.upgradeTokens;
    if (plugin.continuesExchange !== undefined) this.continuesExchange = plugin.continuesExchange;
  }

  /** At once: what becomes of the connection's bytes depends on it. */
  detect(probe: Probe): Detection {
    if (this.#batch.isOff(this.name)) {
      this.#counters.add(`plugin-off:${this.name}`);
      return 'no-match';
    }
    const detection = this.#batch.watch(this.name, () => this.#plugin.detect(probe));
    if (detection !== undefined) return detection;
    this.#counters.add(`parser-timeout:${this.name}`);
    return 'no-match';
  }

  createParser(context: ParserContext): ProtocolParser {
    return this.#plugin.createParser(context);
  }

  createGuarded(context: ParserContext, owner: GuardedParserOwner): GuardedParser {
    return new GuardedParser(this.#plugin, context, owner, this.#batch);
  }
}
