// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import {
  loadPackageDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServiceDefinition,
  status,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

const PROTO_DIRECTORY = fileURLToPath(new URL('../../proto', import.meta.url));

/** The packages of `proto/flowtap/v1`, read by the other implementation of Protocol Buffers. */
export const flowtapDefinition = loadSync('flowtap/v1/flowtap.proto', {
  includeDirs: [PROTO_DIRECTORY],
  longs: Number,
  enums: String,
  oneofs: true,
  defaults: true,
});

interface FlowsRequest {
  readonly sequence: number;
  readonly flows: readonly { readonly id: string }[];
}

type CommandsRequest = Readonly<Record<string, unknown>>;
type FlowsCall = ServerDuplexStream<FlowsRequest, { acknowledgedSequence: number }>;
type CommandsCall = ServerDuplexStream<CommandsRequest, { setContainers: { ids: readonly string[] } }>;

export interface CollectorOptions {
  readonly credentials?: ServerCredentials;
  /** Whom to serve. @default everybody */
  readonly token?: string;
}

/** Implements flowtap.v1 as somebody else would: from the published .proto files. */
export class CollectorServer {
  readonly flows: FlowsRequest['flows'][number][] = [];
  readonly events: CommandsRequest[] = [];
  /** What to do with a batch that has arrived. */
  onBatch: (batch: FlowsRequest, call: FlowsCall) => void = ({ sequence }, call) =>
    call.write({ acknowledgedSequence: sequence });
  flowStreams = 0;
  /** Does not even take what comes. */
  isStuck = false;
  port = 0;
  readonly #options: CollectorOptions;
  readonly #server = new Server();
  readonly #commandCalls = new Set<CommandsCall>();

  constructor(options: CollectorOptions = {}) {
    this.#options = options;
    // The library knows services that it has loaded at run time as `any`-like trees only.
    const packages = loadPackageDefinition(flowtapDefinition) as unknown as {
      readonly flowtap: { readonly v1: { readonly FlowtapService: { readonly service: ServiceDefinition } } };
    };
    this.#server.addService(packages.flowtap.v1.FlowtapService.service, {
      Flows: (call: FlowsCall) => this.#serveFlows(call),
      Commands: (call: CommandsCall) => this.#serveCommands(call),
    });
  }

  async start(): Promise<void> {
    const credentials = this.#options.credentials ?? ServerCredentials.createInsecure();
    this.port = await new Promise((resolve, reject) => {
      this.#server.bindAsync('127.0.0.1:0', credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  stop(): void {
    this.#server.forceShutdown();
  }

  select(ids: readonly string[]): void {
    for (const call of this.#commandCalls) call.write({ setContainers: { ids } });
  }

  #serveFlows(call: FlowsCall): void {
    if (!this.#isAllowed(call)) return;
    this.flowStreams += 1;
    call.on('error', () => {});
    if (this.isStuck) return;
    call.on('data', (batch: FlowsRequest) => {
      this.flows.push(...batch.flows);
      this.onBatch(batch, call);
    });
    call.on('end', () => call.end());
  }

  #serveCommands(call: CommandsCall): void {
    if (!this.#isAllowed(call)) return;
    this.#commandCalls.add(call);
    call.on('data', (event: CommandsRequest) => this.events.push(event));
    call.on('end', () => call.end());
    call.on('close', () => this.#commandCalls.delete(call));
    call.on('error', () => {});
  }

  #isAllowed(call: FlowsCall | CommandsCall): boolean {
    const { token } = this.#options;
    if (token === undefined || call.metadata.get('authorization')[0] === `Bearer ${token}`) return true;
    call.emit('error', { code: status.UNAUTHENTICATED, details: 'no such token' });
    return false;
  }
}
