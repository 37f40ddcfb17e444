// SPDX-License-Identifier: Apache-2.0
import { ConfigError, type Exporter, guarded, type ProtocolPlugin } from '@flowtap/core';
import { importPlugin } from './plugin-module.js';
import { UsageError } from './usage-error.js';

export interface Plugins {
  /** Under a watchdog: nobody here knows their code. */
  readonly protocols: readonly ProtocolPlugin[];
  readonly exporters: readonly Exporter[];
}

/** Exports that are looked at, when the module has any of them. */
const EXPORTS = ['default', 'protocol', 'protocols', 'exporter', 'exporters'] as const;

/**
 * What the modules of --plugin give: their export `default`, `protocol`, `protocols`, `exporter` or `exporters`, or the only
 * function that they export. Each is a protocol plugin, an exporter, a list of them, or a function that makes them.
 *
 * @throws UsageError when a module cannot be loaded or has none.
 */
export async function loadPlugins(names: readonly string[], directory?: string): Promise<Plugins> {
  const protocols: ProtocolPlugin[] = [];
  const exporters: Exporter[] = [];
  for (const name of new Set(names)) {
    for (const value of await pluginsOf(name, await importPlugin(name, directory))) {
      if (isExporter(value)) exporters.push(value);
      else protocols.push(guardedPlugin(name, value));
    }
  }
  return { protocols, exporters };
}

/** `guarded` says what is wrong with a value that is no plugin. */
function guardedPlugin(name: string, value: unknown): ProtocolPlugin {
  try {
    return guarded(value as ProtocolPlugin);
  } catch (error) {
    throw error instanceof ConfigError ? new UsageError(`--plugin ${name}: ${error.message}`) : error;
  }
}

async function pluginsOf(name: string, module: Readonly<Record<string, unknown>>): Promise<readonly unknown[]> {
  const made = await Promise.all([...entriesOf(module)].map((entry) => make(name, entry)));
  // A module may export the same one twice, by two names.
  const values = [...new Set(made.flat())].filter((value) => typeof value === 'object' && value !== null);
  if (values.length > 0) return values;
  const exported = Object.keys(module).join(', ') || 'nothing';
  throw new UsageError(
    `--plugin ${name} has no plugin in it: it exports ${exported};`,
    'export a protocol plugin or an exporter, or a function that makes one, as default.',
  );
}

/** A set, because `default` is often another name of one of the others. */
function entriesOf(module: Readonly<Record<string, unknown>>): ReadonlySet<unknown> {
  const known = EXPORTS.filter((key) => module[key] !== undefined).map((key) => module[key]);
  if (known.length > 0) return new Set(known);
  const functions = Object.values(module).filter((value) => typeof value === 'function');
  return new Set(functions.length === 1 ? functions : []);
}

async function make(name: string, entry: unknown): Promise<readonly unknown[]> {
  if (typeof entry !== 'function') return [entry].flat();
  try {
    return [await entry()].flat();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new UsageError(`--plugin ${name}: ${entry.name || 'its function'}() failed: ${message}`);
  }
}

function isExporter(value: unknown): value is Exporter {
  return typeof value === 'object' && value !== null && 'export' in value;
}
