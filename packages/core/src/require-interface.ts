// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from './errors.js';

export interface InterfaceRule {
  /** Option that the value was given as. */
  readonly option: string;
  /** What it should be, for a person. */
  readonly kind: string;
  /** Methods that it must have. */
  readonly methods: readonly string[];
}

/**
 * Refuses what was not written for this interface, or for another version of it: a plugin comes from other people, who may
 * have compiled it against another version of this package.
 *
 * @throws ConfigError with code `CONFIG_API_VERSION` or `CONFIG_INVALID_OPTION`.
 */
export function requireInterface(value: unknown, { option, kind, methods }: InterfaceRule): void {
  if (typeof value === 'function') {
    throw new ConfigError(
      'CONFIG_INVALID_OPTION',
      `${option}: the function ${value.name || '(anonymous)'} is no ${kind}.`,
      {
        hint: 'Call it, if it makes one.',
      },
    );
  }
  if (typeof value !== 'object' || value === null) {
    throw new ConfigError('CONFIG_INVALID_OPTION', `${option}: ${String(value)} is no ${kind}.`, {
      hint: `Give objects with ${methods.join(', ')}.`,
    });
  }
  const { name, apiVersion } = value as { readonly name?: unknown; readonly apiVersion?: unknown };
  const label = typeof name === 'string' && name !== '' ? name : `a ${kind} without a name`;
  if (apiVersion !== 1) {
    throw new ConfigError('CONFIG_API_VERSION', `${option}: ${label} has apiVersion ${String(apiVersion)}, not 1.`, {
      hint: `Install a version of the ${kind} that fits this version of @flowtap/core.`,
    });
  }
  if (typeof name !== 'string' || name === '') {
    throw new ConfigError('CONFIG_INVALID_OPTION', `${option}: a ${kind} has the name ${JSON.stringify(name)}.`, {
      hint: 'Give it a name that is not empty.',
    });
  }
  const missing = methods.filter((method) => typeof (value as Record<string, unknown>)[method] !== 'function');
  if (missing.length > 0) {
    throw new ConfigError('CONFIG_INVALID_OPTION', `${option}: ${name} has no ${missing.join(', no ')}.`, {
      hint: `A ${kind} has the methods ${methods.join(', ')}.`,
    });
  }
}
