// SPDX-License-Identifier: Apache-2.0
import { connect } from 'node:net';
import { until } from '../support/until.js';
import type { Prepared, RunningServer, ServerSetting } from './subject.js';

/** A server that chooses its port and prints {"port": n} when it listens. */
export async function preparePrinting(
  { launch }: ServerSetting,
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<Prepared<RunningServer>> {
  const program = await launch(command, args, { env });
  return { program, ready: async () => JSON.parse(await program.line(0)) as { port: number } };
}

/** Resolves when somebody listens. Sends nothing, so there is nothing to capture. */
export async function untilListening(port: number): Promise<void> {
  await until(`a server listens on port ${port}`, () => {
    return new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1');
      const end = (result: boolean) => {
        socket.destroy();
        resolve(result);
      };
      socket.once('connect', () => end(true)).once('error', () => end(false));
    });
  });
}
