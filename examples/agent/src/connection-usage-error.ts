// SPDX-License-Identifier: Apache-2.0
import { ConfigError } from '@flowtap/core';
import { UsageError } from './usage-error.js';

/**
 * What an exporter says of its options, in the words of the command line.
 *
 * @param remedy what encrypts the connection
 */
export function connectionUsageError(error: unknown, kind: string, address: string, remedy: string): unknown {
  if (!(error instanceof ConfigError)) return error;
  if (error.code !== 'CONFIG_PLAINTEXT') return new UsageError(`${kind}: ${error.message}`);
  return new UsageError(
    `${address} is another host, and flows would go there unencrypted;`,
    `give ${remedy}, or --plaintext where nobody else can listen.`,
  );
}
