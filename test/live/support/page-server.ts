// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import type { Program } from './program.js';
import type { Scene } from './scene.js';

/** A Node.js server with a page, a WebSocket and server-sent events; see node/page-server.mjs for its paths. */
export class PageServer {
  readonly program: Program;
  readonly port: number;

  private constructor(program: Program, port: number) {
    this.program = program;
    this.port = port;
  }

  static async start(scene: Scene): Promise<PageServer> {
    const script = fileURLToPath(new URL('./node/page-server.mjs', import.meta.url));
    const program = await scene.start(process.execPath, [script]);
    return new PageServer(program, Number(await program.line(0)));
  }

  url(target: string): string {
    return `http://127.0.0.1:${this.port}${target}`;
  }
}
