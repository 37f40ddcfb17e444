// SPDX-License-Identifier: Apache-2.0
import { ReplaySource } from '@flowtap/core';
import type { Command } from 'commander';
import { openCapture } from '../capture.js';
import { FAILURE, SUCCESS } from '../exit-status.js';
import { type Notices, noticeLogger } from '../notices.js';
import { addOutputOptions, type OutputOptions } from '../options/output-options.js';
import type { SetStatus } from '../program.js';
import { listenForStop } from '../stop-request.js';

export function addReplayCommand(program: Command, notices: Notices, setStatus: SetStatus): void {
  const command = program
    .command('replay')
    .summary('show the flows of a recorded event log')
    .description(
      'Shows the flows of an event log that --record wrote. Needs no privileges and works on any operating system.',
    )
    .argument('<event-log>', 'file that "flowtap run --record" or "flowtap attach --record" wrote')
    .action(async (path: string, options: OutputOptions) => setStatus(await replay(path, options, notices)));
  addOutputOptions(command, 'stdout');
}

async function replay(path: string, options: OutputOptions, notices: Notices): Promise<number> {
  const capture = await openCapture({
    source: new ReplaySource({ path, logger: noticeLogger(notices) }),
    options,
    readable: process.stdout,
    notices,
  });
  const stop = listenForStop();
  await capture.start();
  await Promise.race([capture.ended, stop.requested]);
  const delivered = await capture.finish();
  stop.dispose();
  return delivered ? SUCCESS : FAILURE;
}
