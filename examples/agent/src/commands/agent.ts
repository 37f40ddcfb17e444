// SPDX-License-Identifier: Apache-2.0
import type { DockerTracker } from '@flowtap/docker-tracker';
import { type Command, Option } from 'commander';
import { announceReady } from '../announce-ready.js';
import { createBpfSource } from '../bpf-source.js';
import { openCapture } from '../capture.js';
import { openTracker } from '../container-tracker.js';
import { FAILURE, SUCCESS } from '../exit-status.js';
import { type Notices, noticeLogger } from '../notices.js';
import { addCaptureOptions, type CaptureOptions } from '../options/capture-options.js';
import { addEngineOptions, type EngineOptions } from '../options/container-options.js';
import { parseServerSpec, type ServerSpec } from '../options/output-spec.js';
import type { SetStatus } from '../program.js';
import { SelectedContainers } from '../selected-containers.js';
import { listenForStop } from '../stop-request.js';

interface AgentOptions extends CaptureOptions, EngineOptions {
  readonly server: ServerSpec;
}

export function addAgentCommand(program: Command, notices: Notices, setStatus: SetStatus): void {
  const command = program
    .command('agent')
    .summary('capture the containers that a server chooses')
    .description(
      'Tells a server, such as the desktop GUI, which containers run, captures those that it asks for and sends it their flows. The server may start later and restart. Goes on until --duration or Ctrl-C.',
    )
    .optionsGroup('Who decides:')
    .addOption(
      new Option('-s, --server <host:port>', 'the desktop GUI; flowtap:<host:port> for a server of flowtap.v1')
        .makeOptionMandatory()
        .argParser((text) => parseServerSpec('--server', text)),
    );
  addEngineOptions(command);
  command.action(async (options: AgentOptions) => setStatus(await agent(options, notices)));
  addCaptureOptions(command, 'stdout', 'the server alone');
}

async function agent(options: AgentOptions, notices: Notices): Promise<number> {
  const tracker = await openTracker(options, notices);
  try {
    return await serve(tracker, options, notices);
  } finally {
    await tracker.stop();
  }
}

async function serve(tracker: DockerTracker, options: AgentOptions, notices: Notices): Promise<number> {
  const { ContainerCapture } = await import('@flowtap/docker-tracker');
  const { server } = options;
  const source = await createBpfSource([], options, notices);
  const containers = new ContainerCapture(tracker, source, { logger: noticeLogger(notices) });
  let start = (): void => {};
  const started = new Promise<void>((resolve) => {
    start = resolve;
  });
  const capture = await openCapture({
    source,
    options: { ...options, output: [server, ...(options.output ?? [])] },
    readable: process.stdout,
    notices,
    control: { spec: server, containers: new SelectedContainers(tracker, containers, started, notices) },
    describe: tracker.describe,
  });
  const stop = listenForStop();
  try {
    await capture.start();
    start();
    source.giveWay();
    await announceReady(`what ${server.address} asks for, by ${source.backend}`, options.readyFile, notices);
    await Promise.race([capture.ended, stop.requested, capture.durationOver]);
    return (await capture.finish()) ? SUCCESS : FAILURE;
  } finally {
    await containers.stop();
    stop.dispose();
  }
}
