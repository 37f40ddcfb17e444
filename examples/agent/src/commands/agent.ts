// SPDX-License-Identifier: Apache-2.0
import { type Command, Option } from 'commander';
import { announceReady } from '../announce-ready.js';
import { createBpfSource } from '../bpf-source.js';
import { openCapture } from '../capture.js';
import { FAILURE, SUCCESS } from '../exit-status.js';
import { type Notices, noticeLogger } from '../notices.js';
import { addCaptureOptions, type CaptureOptions } from '../options/capture-options.js';
import { parseServerSpec, type ServerSpec } from '../options/output-spec.js';
import { raisePriority } from '../priority.js';
import type { SetStatus } from '../program.js';
import { SelectedContainers } from '../selected-containers.js';
import { listenForStop } from '../stop-request.js';

interface AgentOptions extends CaptureOptions {
  readonly server: ServerSpec;
  readonly dockerHost?: string;
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
    )
    .addOption(new Option('--docker-host <url>', 'where the container engine listens (default: it is searched for)'))
    .action(async (options: AgentOptions) => setStatus(await agent(options, notices)));
  addCaptureOptions(command, 'stdout');
}

async function agent(options: AgentOptions, notices: Notices): Promise<number> {
  const { server, dockerHost } = options;
  const { ContainerCapture, DockerTracker } = await import('@flowtap/docker-tracker');
  const logger = noticeLogger(notices);
  const tracker = new DockerTracker({ ...(dockerHost === undefined ? {} : { host: dockerHost }), logger });
  const source = await createBpfSource([], options, notices);
  const containers = new ContainerCapture(tracker, source, { logger });
  let started = (): void => {};
  const ready = new Promise<void>((resolve) => {
    started = resolve;
  });
  const capture = await openCapture({
    source,
    options: { ...options, output: [server, ...(options.output ?? [])] },
    readable: process.stdout,
    notices,
    control: { spec: server, containers: new SelectedContainers(tracker, containers, ready, notices) },
    describe: tracker.describe,
  });
  const stop = listenForStop();
  try {
    // Before anybody is told which containers there are.
    await tracker.start();
    await capture.start();
    started();
    raisePriority();
    await announceReady(`what ${server.address} asks for, by ${source.backend}`, options.readyFile, notices);
    await Promise.race([capture.ended, stop.requested, capture.durationOver]);
    return (await capture.finish()) ? SUCCESS : FAILURE;
  } finally {
    await containers.stop();
    await tracker.stop();
    stop.dispose();
  }
}
