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
export const MariadbCapability = { EXTENDED_METADATA: 1 << 3 } as const;

/** What client and server have agreed on. Undefined where the login was not seen: then the packets themselves must show it. */
export interface Capabilities {
  readonly flags: number;
  readonly mariadbFlags: number;
}

export function has(capabilities: Capabilities | undefined, flag: number): boolean | undefined {
  return capabilities === undefined ? undefined : (capabilities.flags & flag) !== 0;
}

/** Whether columns carry MariaDB's names of types. Undefined as for `has`. */
export function hasExtendedMetadata(capabilities: Capabilities | undefined): boolean | undefined {
  return capabilities === undefined
    ? undefined
    : (capabilities.mariadbFlags & MariadbCapability.EXTENDED_METADATA) !== 0;
}
