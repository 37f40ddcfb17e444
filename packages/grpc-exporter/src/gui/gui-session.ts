// SPDX-License-Identifier: Apache-2.0
import type { Logger } from '@flowtap/core';
import { AgentStarted, Command, Containers } from '../gen/api/api.js';
import type { ContainerControl } from '../reported-container.js';
import { StandingStream } from '../standing-stream.js';
import type { Transport } from '../transport.js';

/** The oldest agent that the GUI takes: what it expects of that one is what it gets here. */
const PROTOCOL_VERSION = '1.0.5';
/** The GUI takes an agent for gone that it has not heard of for two seconds. */
const REPORT_INTERVAL_MS = 1000;
const SEND_CONTAINERS = '/api.TrayceAgent/SendContainersObserved';
const COMMANDS = '/api.TrayceAgent/OpenCommandStream';

export interface GuiSessionOptions {
  readonly transport: Transport;
  /** Of the exporter, for log lines. */
  readonly name: string;
  readonly logger: Logger;
  readonly control: ContainerControl | undefined;
  /** The GUI went away. */
  readonly ended: () => void;
}

/** What goes on between an agent and the GUI besides flows: a greeting, the list of containers, commands. */
export class GuiSession {
  readonly #transport: Transport;
  readonly #name: string;
  readonly #logger: Logger;
  readonly #control: ContainerControl | undefined;
  readonly #commands: StandingStream;
  readonly #stopped = new AbortController();
  #timer: NodeJS.Timeout | undefined;

  constructor({ transport, name, logger, control, ended }: GuiSessionOptions) {
    this.#transport = transport;
    this.#name = name;
    this.#logger = logger;
    this.#control = control;
    this.#commands = new StandingStream({
      transport,
      path: COMMANDS,
      opened: (stream) => void stream.write(AgentStarted.encode({ version: PROTOCOL_VERSION }).finish()),
      message: (bytes) => this.#obey(bytes),
      ended: (error) => {
        ended();
        if (error !== undefined) logger.warn(`Exporter ${name}: ${error.message} It is tried again.`);
      },
    });
  }

  start(): void {
    this.#commands.start();
    this.#report();
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
    this.#commands.stop();
  }

  /** Also when there are no containers, and when nothing has changed: the GUI takes it as a sign of life. */
  #report(): void {
    const containers = (this.#control?.containers() ?? []).map(({ id, image, name, status, addresses }) => ({
      id,
      image,
      name,
      status,
      ip: addresses[0] ?? '',
    }));
    const startMs = performance.now();
    this.#transport
      .unary(SEND_CONTAINERS, Containers.encode({ containers }).finish(), this.#stopped.signal)
      .then(() => this.#commands.retryNow())
      .catch((error: Error) => this.#logger.debug(`Exporter ${this.#name}: ${error.message}`))
      .finally(() => {
        if (this.#stopped.signal.aborted) return;
        const waitMs = Math.max(0, startMs + REPORT_INTERVAL_MS - performance.now());
        this.#timer = setTimeout(() => this.#report(), waitMs);
      });
  }

  #obey(bytes: Buffer): void {
    let command: Command;
    try {
      command = Command.decode(bytes);
    } catch (error) {
      this.#logger.warn(`Exporter ${this.#name}: a command cannot be read: ${(error as Error).message}.`);
      return;
    }
    if (command.type === 'set_settings') this.#control?.select(command.settings?.containerIds ?? []);
    else this.#logger.debug(`Exporter ${this.#name}: the command ${JSON.stringify(command.type)} is not known.`);
  }
}
