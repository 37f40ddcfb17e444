// SPDX-License-Identifier: Apache-2.0
import { runCommand } from './child.js';

export const CONNECTIONS = 16;

export interface WrkResult {
  readonly requestsPerSecond: number;
  /** Answers that wrk has read to their end. */
  readonly requests: number;
}

/** As many requests as the server answers, over 16 connections of one thread. @throws Error when any of them failed. */
export async function runWrk(url: string, seconds: number): Promise<WrkResult> {
  const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, url];
  const output = await runCommand('wrk', args, (seconds + 20) * 1000);
  const requests = /(\d+) requests in /.exec(output);
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(output);
  if (requests === null || rate === null || /Socket errors|Non-2xx/.test(output)) {
    throw new Error(`wrk ${args.join(' ')} said: ${output}`);
  }
  return { requests: Number(requests[1]), requestsPerSecond: Number(rate[1]) };
}
