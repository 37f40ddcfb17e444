// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { freePort } from './free-port.js';
import type { Program } from './program.js';
import type { Scene } from './scene.js';
import { until } from './until.js';

/** nats-server with JetStream, which keeps its streams in files. */
export class NatsServer {
  readonly port: number;
  readonly #scene: Scene;
  #program: Program;

  private constructor(scene: Scene, port: number, program: Program) {
    this.#scene = scene;
    this.port = port;
    this.#program = program;
  }

  /** @param given its port; a free one when absent */
  static async start(scene: Scene, given?: number): Promise<NatsServer> {
    const port = given ?? (await freePort());
    return new NatsServer(scene, port, await launch(scene, port));
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Ends it as a power cut would, and starts it again with what is on disk. */
  async crash(): Promise<void> {
    await this.#program.stop('SIGKILL');
    this.#program = await launch(this.#scene, this.port);
  }
}

async function launch(scene: Scene, port: number): Promise<Program> {
  const files = ['--store_dir', scene.path('jetstream'), '--log', scene.path('nats.log')];
  const program = await scene.start('nats-server', ['-a', '127.0.0.1', '-p', String(port), '-js', ...files]);
  await until('nats-server answers', () => {
    if (!program.isRunning) throw new Error(`nats-server ended: ${program.stderr}`);
    return canConnect(port);
  });
  return program;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('error', () => resolve(false));
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
