// SPDX-License-Identifier: Apache-2.0
import { once } from 'node:events';
import { BpfSource } from '@flowtap/bpf-native';
import { createTap, type Flow } from '@flowtap/core';
import { http1 } from '@flowtap/protocols-http1';

/** Runs a command to its end, and resolves with what it asked for and got over HTTP, encrypted or not. */
export async function flowsOf(command: string, ...args: readonly string[]): Promise<readonly Flow[]> {
  const flows: Flow[] = [];
  const source = new BpfSource({ targets: [] });
  await using tap = createTap({ source, protocols: [http1()] });
  tap.on('flow', (flow) => flows.push(flow));
  await tap.start();
  const program = await source.spawn(command, args, { stdio: 'ignore' });
  await once(program, 'exit');
  // What is under way is delivered before it resolves.
  await tap.stop();
  return flows;
}
