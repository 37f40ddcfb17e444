// SPDX-License-Identifier: Apache-2.0

/** Capability flags of the login that change what later packets look like. */
export const Capability = {
  /** MariaDB servers leave it out, and have flags of their own in its place. */
  CLIENT_MYSQL: 1,
  CONNECT_WITH_DB: 1 << 3,
  COMPRESS: 1 << 5,
  PROTOCOL_41: 1 << 9,
  TLS: 1 << 11,
  SECURE_CONNECTION: 1 << 15,
  PLUGIN_AUTH: 1 << 19,
  PLUGIN_AUTH_LENENC: 1 << 21,
  SESSION_TRACK: 1 << 23,
  DEPRECATE_EOF: 1 << 24,
  ZSTD_COMPRESS: 1 << 26,
  QUERY_ATTRIBUTES: 1 << 27,
} as const;

/** MariaDB's flags, which begin at bit 32 of the capabilities. */
const MariadbCapability = { EXTENDED_METADATA: 1 << 3 } as const;

/** What one of them says of itself. */
export interface OwnCapabilities {
  readonly flags: number;
  readonly mariadbFlags: number;
}

/** What client and server have agreed on. */
export interface Capabilities extends OwnCapabilities {
  /** False where only the client's word is known, as under TLS: the server may be capable of less. */
  readonly isConfirmed: boolean;
}

/** Undefined where that is not known: then the packets themselves must show it. */
export function has(capabilities: Capabilities | undefined, flag: number): boolean | undefined {
  return capabilities && known(capabilities, (capabilities.flags & flag) !== 0);
}

/** Whether columns carry MariaDB's names of types. Undefined as for `has`. */
export function hasExtendedMetadata(capabilities: Capabilities | undefined): boolean | undefined {
  return capabilities && known(capabilities, (capabilities.mariadbFlags & MariadbCapability.EXTENDED_METADATA) !== 0);
}

function known({ isConfirmed }: Capabilities, isAsked: boolean): boolean | undefined {
  return isAsked && !isConfirmed ? undefined : isAsked;
}

/** What both are capable of. */
export function agreed(client: OwnCapabilities, server: OwnCapabilities | undefined): Capabilities {
  if (server === undefined) return { ...client, isConfirmed: false };
  const flags = client.flags & server.flags;
  return { flags, mariadbFlags: client.mariadbFlags & server.mariadbFlags, isConfirmed: true };
}
