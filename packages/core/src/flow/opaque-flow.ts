// SPDX-License-Identifier: Apache-2.0
import type { OpaqueConnection } from '../sockets/connection.js';
import type { FlowError, OpaqueFlow } from './flow.js';

const NO_TLS_PROBE: FlowError = {
  code: 'no-tls-probe',
  message:
    'no supported TLS library of this process was seen to handle this connection ' +
    '(its library is not one that can be read, or no data passed after the handshake)',
};

/**
 * The part of an opaque flow that comes from the encryption itself.
 *
 * @param reason what is known of the process
 */
export function describeOpaque(
  opaque: OpaqueConnection,
  reason: FlowError = NO_TLS_PROBE,
): Pick<OpaqueFlow, 'sni' | 'alpn' | 'bytes' | 'reason'> {
  const { serverName, alpn } = opaque.hello ?? {};
  return {
    ...(serverName === undefined ? {} : { sni: serverName }),
    ...(alpn === undefined ? {} : { alpn }),
    bytes: opaque.bytes,
    reason,
  };
}
