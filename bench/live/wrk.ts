// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { findCommand, runCommand } from './child.js';
import { copyLibssl } from './private-libssl.js';

export const CONNECTIONS = 16;

export interface WrkResult {
  readonly requestsPerSecond: number;
  /** Answers that wrk has read to their end. */
  readonly requests: number;
}

/** Requests of a page for so many seconds. @throws Error when any of them failed. */
export type RunWrk = (url: string, seconds: number) => Promise<WrkResult>;

/**
 * As many requests as the server answers, over 16 connections of one thread. wrk has a libssl of its own: it stands for
 * clients on other machines, so what probes cost whoever shares the captured server's library is no part of the measurement.
 */
export async function prepareWrk(directory: string): Promise<RunWrk> {
  const libraries = join(directory, 'lib-of-wrk');
  await copyLibssl(await findCommand('wrk'), libraries);
  return async (url, seconds) => {
    const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, url];
    const env = { ...process.env, LD_LIBRARY_PATH: libraries };
    const output = await runCommand('wrk', args, (seconds + 20) * 1000, env);
    const requests = /(\d+) requests in /.exec(output);
    const rate = /Requests\/sec:\s+([\d.]+)/.exec(output);
    if (requests === null || rate === null || /Socket errors|Non-2xx/.test(output)) {
      throw new Error(`wrk ${args.join(' ')} said: ${output}`);
    }
    return { requests: Number(requests[1]), requestsPerSecond: Number(rate[1]) };
  };
}
