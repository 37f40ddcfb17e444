// SPDX-License-Identifier: Apache-2.0
import { goServers } from './rows/go.js';
import { nginxServer } from './rows/nginx.js';
import { nodeClient, nodeServer } from './rows/node.js';
import { pythonHttpServer, pythonRequests } from './rows/python.js';
import { puma, rubyNetHttp, webrick } from './rows/ruby.js';
import type { ClientSubject, ServerSubject } from './subject.js';

interface LoadRow<S> {
  readonly subject: S;
  /** Requests at the same time. */
  readonly concurrency: number;
}

const node = 24;

/** TLS servers that many clients use at once under `flowtap attach`. */
export const loadedServers: readonly LoadRow<ServerSubject>[] = [
  { subject: pythonHttpServer, concurrency: 16 },
  { subject: webrick, concurrency: 16 },
  { subject: puma, concurrency: 16 },
  { subject: nodeServer(node), concurrency: 16 },
  { subject: nodeServer(node), concurrency: 64 },
];

/** Clients that make many TLS requests at once under `flowtap run`. */
export const loadedClients: readonly LoadRow<ClientSubject>[] = [
  { subject: pythonRequests, concurrency: 16 },
  { subject: rubyNetHttp, concurrency: 16 },
  { subject: nodeClient(node, 'http'), concurrency: 16 },
  { subject: nodeClient(node, 'fetch'), concurrency: 64 },
];

/** TLS servers that have to live through captures that come and go. */
export const crashedServers: readonly ServerSubject[] = [
  pythonHttpServer,
  webrick,
  puma,
  ...goServers,
  nodeServer(node),
  nginxServer,
];
