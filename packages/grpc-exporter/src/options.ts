// SPDX-License-Identifier: Apache-2.0
import { ConfigError, type Logger, silentLogger } from '@flowtap/core';
import { parseAddress, type ServerAddress } from './address.js';

/** PEM. */
export interface TlsOptions {
  /** Certificates of the authorities to trust. @default those of Node.js */
  readonly ca?: Buffer;
  /** Our own certificate and its key, for a server that asks for one (mTLS). */
  readonly certificate?: Buffer;
  readonly key?: Buffer;
  /** Name that the server's certificate must have. @default the host of the address */
  readonly serverName?: string;
}

/** How to reach a gRPC server. */
export interface ConnectionOptions {
  /** `host:port`, `[v6]:port` or `unix:<path>`. */
  readonly address: string;
  /** Encrypts; `{}` does with what Node.js trusts. @default plaintext */
  readonly tls?: TlsOptions;
  /** Sent as `authorization: Bearer <token>` with each call. */
  readonly token?: string;
  /** Allows plaintext to another host. Captured traffic is secret: whoever is on the way can read it. @default false */
  readonly plaintext?: boolean;
  /** A call that takes longer is given up and tried again, in milliseconds. @default 10000 */
  readonly callTimeoutMs?: number;
  /** Bytes of a body that are sent at most. Servers refuse messages above 4 MiB. @default 1048576 */
  readonly maxBodyBytes?: number;
  /** @default silent */
  readonly logger?: Logger;
}

export interface ResolvedConnectionOptions {
  readonly address: ServerAddress;
  readonly tls: TlsOptions | undefined;
  readonly token: string | undefined;
  readonly callTimeoutMs: number;
  readonly maxBodyBytes: number;
  readonly logger: Logger;
}

const DEFAULT_CALL_TIMEOUT_MS = 10_000;
const DEFAULT_MAX_BODY_BYTES = 1024 * 1024;
const MAX_TIMER_MS = 2 ** 31 - 1;

/** @throws ConfigError `CONFIG_INVALID_OPTION`, `CONFIG_PLAINTEXT` */
export function resolveConnectionOptions(options: ConnectionOptions): ResolvedConnectionOptions {
  const address = parseAddress(options.address);
  const { tls, token, callTimeoutMs = DEFAULT_CALL_TIMEOUT_MS, maxBodyBytes = DEFAULT_MAX_BODY_BYTES } = options;
  if (tls === undefined && !address.isLocal && options.plaintext !== true) {
    throw new ConfigError(
      'CONFIG_PLAINTEXT',
      `${address.text} is another host, and the flows would go there unencrypted.`,
      {
        hint: 'Use TLS, or allow plaintext if nobody else is on the way.',
      },
    );
  }
  if ((tls?.certificate === undefined) !== (tls?.key === undefined)) {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'tls has a certificate or a key, but not the other.', {
      hint: 'Give both.',
    });
  }
  // RFC 6750 §2.1, and a header's value must be one line.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw new ConfigError('CONFIG_INVALID_OPTION', 'token is empty, or has characters that a header cannot carry.');
  }
  checkWhole('callTimeoutMs', callTimeoutMs, 1, MAX_TIMER_MS);
  checkWhole('maxBodyBytes', maxBodyBytes, 0, Number.MAX_SAFE_INTEGER);
  return { address, tls, token, callTimeoutMs, maxBodyBytes, logger: options.logger ?? silentLogger };
}

function checkWhole(name: string, value: number, minimum: number, maximum: number): void {
  if (Number.isSafeInteger(value) && value >= minimum && value <= maximum) return;
  throw new ConfigError('CONFIG_INVALID_OPTION', `${name} cannot be ${value}.`, {
    hint: `It is a whole number from ${minimum} to ${maximum}.`,
  });
}
