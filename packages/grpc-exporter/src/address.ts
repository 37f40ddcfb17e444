// SPDX-License-Identifier: Apache-2.0
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { ConfigError, isLoopback } from '@flowtap/core';

/** Where a gRPC server listens. */
export interface ServerAddress {
  /** As it was given. */
  readonly text: string;
  /** For the gRPC library, with the scheme that tells how to resolve it. */
  readonly target: string;
  /** Nothing that is sent there leaves this host. */
  readonly isLocal: boolean;
}

/** @throws ConfigError `CONFIG_INVALID_OPTION` */
export function parseAddress(text: string): ServerAddress {
  if (/^unix:./.test(text)) return { text, target: text, isLocal: true };
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<name>[^:/\s]+)):(?<port>\d{1,5})$/.exec(text);
  const { v6, name, port } = match?.groups ?? {};
  const host = v6 ?? name;
  const number = Number(port);
  if (host === undefined || (v6 !== undefined && !isIPv6(v6)) || !(number >= 1 && number <= 65535)) {
    throw new ConfigError('CONFIG_INVALID_OPTION', `'${text}' is not the address of a server.`, {
      hint: 'Write host:port, [v6]:port or unix:<path>.',
    });
  }
  const scheme = isIP(host) === 0 ? 'dns' : isIPv4(host) ? 'ipv4' : 'ipv6';
  return { text, target: `${scheme}:${text}`, isLocal: isLoopback(host) };
}
