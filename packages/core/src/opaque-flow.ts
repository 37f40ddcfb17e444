// SPDX-License-Identifier: Apache-2.0
import type { OpaqueConnection } from './connection.js';
import type { FlowError, OpaqueFlow } from './flow.js';

const NO_TLS_PROBE: FlowError = {
  code: 'no-tls-probe',
  message:
    'no supported TLS library of this process was seen to handle this connection ' +
    '(its library is not one that can be read, such as GnuTLS, or no data passed after the handshake)',
};

/** The part of an opaque flow that comes from the encryption itself. */
export function describeOpaque(opaque: OpaqueConnection): Pick<OpaqueFlow, 'sni' | 'alpn' | 'bytes' | 'reason'> {
  const { serverName, alpn } = opaque.hello ?? {};
  return {
    ...(serverName === undefined ? {} : { sni: serverName }),
    ...(alpn === undefined ? {} : { alpn }),
    bytes: opaque.bytes,
    reason: NO_TLS_PROBE,
  };
}
