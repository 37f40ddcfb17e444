// SPDX-License-Identifier: Apache-2.0
import type { Program } from '../support/program.js';
import type { Reply, Wanted } from './exchange.js';
import type { ClientSetting, Prepared, RunningClient } from './subject.js';

/** A program that makes a request for each line of its input: support/programs/python/lines.py. */
export class DrivenClient {
  readonly program: Program;
  #lines = 1;

  constructor(program: Program) {
    this.program = program;
  }

  async ready(): Promise<void> {
    const line = await this.program.line(0);
    if (line !== 'ready') throw new Error(`the client said "${line}" first`);
  }

  async ask(message: object): Promise<unknown> {
    this.program.write(`${JSON.stringify(message)}\n`);
    return JSON.parse(await this.program.line(this.#lines++));
  }

  request(url: string, { method, body, fresh }: Wanted): Promise<Reply> {
    return this.ask({ method, url, fresh, ...(body === '' ? {} : { body }) }) as Promise<Reply>;
  }
}

export async function prepareDriven(
  { server, launch }: ClientSetting,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Prepared<RunningClient>> {
  const client = new DrivenClient(await launch(command, args, { env }));
  return {
    program: client.program,
    ready: async () => {
      await client.ready();
      return {
        request: (wanted) => client.request(server.url(wanted.target), wanted),
        load: async (target, count, concurrency) => {
          const answer = await client.ask({ url: server.url(target), count, concurrency });
          return (answer as { readonly failures: readonly string[] }).failures;
        },
      };
    },
  };
}
