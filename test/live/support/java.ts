// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import type { Program } from './program.js';

/** Runs support/java/Client.java from its source. */
export const javaClientCommand: readonly string[] = [
  ...['java', '-XX:TieredStopAtLevel=1'],
  fileURLToPath(new URL('./java/Client.java', import.meta.url)),
];

export interface JavaAnswer {
  readonly status: number;
  readonly text: string;
}

/** Java's HttpClient, with one request after the other. */
export class JavaClient {
  readonly program: Program;
  #lines = 1;

  constructor(program: Program) {
    this.program = program;
  }

  async ready(): Promise<void> {
    await this.program.line(0);
  }

  async request(method: string, url: string, body = ''): Promise<JavaAnswer> {
    this.program.write(`${[method, url, Buffer.from(body).toString('base64')].join(' ').trim()}\n`);
    const [status = '', text = ''] = (await this.program.line(this.#lines++)).split(' ');
    return { status: Number(status), text: Buffer.from(text, 'base64').toString() };
  }
}
