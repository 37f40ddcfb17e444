// SPDX-License-Identifier: Apache-2.0
import { hostname } from 'node:os';
import { creator, type Logger } from '@flowtap/core';
import { CommandsRequest, CommandsResponse } from '../gen/flowtap/v1/flowtap.js';
import type { ContainerControl } from '../reported-container.js';
import { StandingStream } from '../standing-stream.js';
import type { OpenStream, Transport } from '../transport.js';

const PATH = '/flowtap.v1.FlowtapService/Commands';
const LOOK_INTERVAL_MS = 1000;

/** Tells a collector of the agent and its containers, and does what it asks. */
export class CommandSession {
  readonly #control: ContainerControl;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #commands: StandingStream;
  #timer: NodeJS.Timeout | undefined;
  /** The list that the collector has. */
  #reported = '';

  constructor(transport: Transport, name: string, logger: Logger, control: ContainerControl) {
    this.#control = control;
    this.#name = name;
    this.#logger = logger;
    this.#commands = new StandingStream({
      transport,
      path: PATH,
      opened: (stream) => this.#greet(stream),
      message: (bytes) => this.#obey(bytes),
      ended: (error) => {
        if (error !== undefined) logger.warn(`Exporter ${name}: ${error.message} It is tried again.`);
      },
    });
  }

  start(): void {
    this.#commands.start();
    this.#timer = setInterval(() => this.#report(), LOOK_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#commands.stop();
  }

  #greet(stream: OpenStream): void {
    const agentStarted = { version: creator().version, hostName: hostname() };
    void stream.write(CommandsRequest.encode({ event: { $case: 'agentStarted', agentStarted } }).finish());
    this.#reported = '';
    this.#report(stream);
  }

  #report(stream: OpenStream | undefined = this.#commands.current): void {
    const containers = this.#control.containers().map(({ id, name, image, status, addresses }) => ({
      id,
      name,
      image,
      status,
      addresses: [...addresses],
    }));
    const text = JSON.stringify(containers);
    if (stream === undefined || text === this.#reported) return;
    this.#reported = text;
    void stream.write(CommandsRequest.encode({ event: { $case: 'containers', containers: { containers } } }).finish());
  }

  #obey(bytes: Buffer): void {
    try {
      const { command } = CommandsResponse.decode(bytes);
      if (command !== undefined) this.#control.select(command.setContainers.ids);
    } catch (error) {
      this.#logger.warn(`Exporter ${this.#name}: a command cannot be obeyed: ${(error as Error).message}.`);
    }
  }
}
