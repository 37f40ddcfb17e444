// SPDX-License-Identifier: Apache-2.0
import { mkdirSync } from 'node:fs';
import type { Certificate } from '../support/certificate.js';
import type { Flow } from '../support/flow.js';
import type { Program } from '../support/program.js';
import type { Scene } from '../support/scene.js';
import { type Exchange, isMeasured, openingRequest, wantedRequests, warmUpRequest } from './exchange.js';
import { launchHeld, startHeld } from './launch.js';
import { ReferenceClient } from './reference-client.js';
import { ReferenceServer } from './reference-server.js';
import type { ClientSubject, Order, Scheme, ServerSubject, Setting } from './subject.js';

/** A program that is measured, with its other end. */
export interface Stage {
  readonly scheme: Scheme;
  readonly role: 'client' | 'server';
  readonly program: Program;
  /** Waits for the answer to its opening request when the capture begins: a response without a request may show. */
  readonly isAnsweredLate: boolean;
  /** Starts the program; resolves when it can be used. */
  start(): Promise<void>;
  /** Opens the connection that is kept, and uses it. */
  open(): Promise<void>;
  /** Makes a request that is not measured. */
  warmUp(): Promise<void>;
  /** Makes the requests that are measured. */
  exercise(): Promise<void>;
  /** The port that is listened on. */
  port(): number;
  /** What was exchanged, the opening request and those that warmed up aside. */
  exchanges(): readonly Exchange[];
  /** Port of the client's end of the connection that was open before the capture. */
  openedPort(): number | undefined;
  /** Ports of connections that warmed up only. */
  warmUpPorts(): ReadonlySet<number>;
  isOther(flow: Flow): boolean;
}

export async function prepareStage(
  subject: ServerSubject | ClientSubject,
  scheme: Scheme,
  order: Order,
  scene: Scene,
  certificate: Certificate,
): Promise<Stage> {
  const directory = scene.path(`${subject.role}-${scheme}`);
  mkdirSync(directory);
  const setting: Setting = {
    ...{ scene, scheme, order, certificate, directory },
    launch: (command, args, options = {}) => launchHeld(scene, command, args, { cwd: directory, ...options }),
  };
  return subject.role === 'server' ? serverStage(subject, setting) : clientStage(subject, setting);
}

async function serverStage(subject: ServerSubject, setting: Setting): Promise<Stage> {
  const { scheme, scene, certificate } = setting;
  const key = `${scheme}-${setting.order}`;
  const backend = await ReferenceServer.start('http', certificate);
  scene.onClose(() => backend.close());
  const { program, ready } = await subject.prepare({ ...setting, backend });
  let server: Awaited<ReturnType<typeof ready>> = { port: 0 };
  let client: ReferenceClient;
  const opening = openingRequest(key);
  return {
    ...{ scheme, role: 'server', program, isAnsweredLate: false },
    start: async () => {
      startHeld(program);
      server = await ready();
      client = new ReferenceClient(scheme, server.port);
      scene.onClose(() => client.close());
    },
    open: async () => {
      await client.request(opening);
    },
    warmUp: async () => {
      await client.request({ ...warmUpRequest, fresh: true });
    },
    exercise: async () => {
      for (const wanted of wantedRequests(key)) await client.request(wanted);
    },
    port: () => server.port,
    exchanges: () => client.exchanges.filter(isMeasured),
    openedPort: () => openedPortOf(client.exchanges),
    warmUpPorts: () => warmUpPortsOf(client.exchanges),
    isOther: (flow) => isWarmUp(flow, client.exchanges) || (server.isOther?.(flow) ?? false),
  };
}

async function clientStage(subject: ClientSubject, setting: Setting): Promise<Stage> {
  const { scheme, order, scene, certificate } = setting;
  const { runsAlone = false } = subject;
  const key = `${scheme}-${order}`;
  const server = await ReferenceServer.start(scheme, certificate);
  scene.onClose(() => server.close());
  const opening = openingRequest(key);
  const wanted = wantedRequests(key);
  const requests = order === 'before' ? [opening, ...wanted] : wanted;
  if (runsAlone) server.hold();
  const { program, ready } = await subject.prepare({ ...setting, server, requests });
  let client: Awaited<ReturnType<typeof ready>>;
  return {
    ...{ scheme, role: 'client', program, isAnsweredLate: runsAlone },
    start: async () => {
      startHeld(program);
      client = await ready();
    },
    open: async () => {
      if (runsAlone) await server.untilHolding();
      else await client.request(opening);
    },
    warmUp: async () => {
      await client.request({ ...warmUpRequest, fresh: true });
    },
    exercise: async () => {
      server.release();
      for (const each of wanted) {
        const reply = await client.request(each);
        const { status, text } = await server.exchange(client.targetOf?.(each) ?? each.target);
        if (reply !== undefined && (reply.status !== status || reply.text !== text)) {
          throw new Error(`${each.target}: the server said ${status} ${text}, the client ${JSON.stringify(reply)}`);
        }
      }
    },
    port: () => client.port ?? server.port,
    exchanges: () => server.exchanges.filter(isMeasured),
    openedPort: () => openedPortOf(server.exchanges),
    warmUpPorts: () => warmUpPortsOf(server.exchanges),
    isOther: (flow) => isWarmUp(flow, server.exchanges) || (client.isOther?.(flow) ?? false),
  };
}

function openedPortOf(exchanges: readonly Exchange[]): number | undefined {
  return exchanges.find(({ target }) => target.includes('/opening?hold=1'))?.clientPort;
}

/** Of connections that served nothing but to warm up. */
function warmUpPortsOf(exchanges: readonly Exchange[]): ReadonlySet<number> {
  const measured = new Set(exchanges.filter(isMeasured).map(({ clientPort }) => clientPort));
  return new Set(exchanges.map(({ clientPort }) => clientPort).filter((port) => !measured.has(port)));
}

function isWarmUp({ request, source }: Flow, exchanges: readonly Exchange[]): boolean {
  if (request !== undefined) return request.target === warmUpRequest.target;
  return source?.port !== undefined && warmUpPortsOf(exchanges).has(source.port);
}
