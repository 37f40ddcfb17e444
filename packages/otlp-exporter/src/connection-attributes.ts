// SPDX-License-Identifier: Apache-2.0
import { type Endpoint, type Flow, hostOfAuthority } from '@flowtap/core';
import type { Attributes } from '@opentelemetry/api';
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_CLIENT_PORT,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_TRANSPORT,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
} from '@opentelemetry/semantic-conventions';

const DEFAULT_PORTS: Readonly<Record<string, number>> = { http: 80, ws: 80, https: 443, wss: 443 };

/**
 * General attributes of a connection.
 *
 * @param authority what the client calls the server, where the protocol says it
 */
export function connectionAttributes(flow: Flow, authority?: string): Attributes {
  const { source, destination, role } = flow;
  const peer = role === 'server' ? source : destination;
  return {
    ...serverAttributes(flow, authority),
    ...(role === 'server' ? { [ATTR_CLIENT_ADDRESS]: addressOf(source), [ATTR_CLIENT_PORT]: portOf(source) } : {}),
    [ATTR_NETWORK_PEER_ADDRESS]: addressOf(peer),
    [ATTR_NETWORK_PEER_PORT]: portOf(peer),
    [ATTR_NETWORK_TRANSPORT]: peer === undefined ? undefined : 'path' in peer ? 'unix' : 'tcp',
  };
}

function serverAttributes(flow: Flow, authority: string | undefined): Attributes {
  const { destination } = flow;
  const host = authority === undefined ? '' : hostOfAuthority(authority);
  const port = Number(/:(\d+)$/.exec(authority ?? '')?.[1] ?? portOf(destination) ?? defaultPort(flow));
  return {
    [ATTR_SERVER_ADDRESS]: host === '' ? addressOf(destination) : host,
    [ATTR_SERVER_PORT]: Number.isNaN(port) ? undefined : port,
  };
}

function defaultPort(flow: Flow): number | undefined {
  return flow.kind === 'flow' ? DEFAULT_PORTS[flow.scheme] : undefined;
}

function addressOf(endpoint: Endpoint | undefined): string | undefined {
  return endpoint && ('path' in endpoint ? endpoint.path : endpoint.address);
}

function portOf(endpoint: Endpoint | undefined): number | undefined {
  return endpoint && 'port' in endpoint ? endpoint.port : undefined;
}
