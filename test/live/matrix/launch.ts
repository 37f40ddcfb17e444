// SPDX-License-Identifier: Apache-2.0
import type { Program, ProgramOptions } from '../support/program.js';
import { cleanEnvironment } from '../support/program.js';
import type { Scene } from '../support/scene.js';

/** A shell that reads one line and then turns into the command: a process that can be captured before its program starts. */
export function launchHeld(
  scene: Scene,
  command: string,
  args: readonly string[],
  options: ProgramOptions = {},
): Promise<Program> {
  const env = { ...cleanEnvironment, ...options.env };
  return scene.start('/bin/sh', ['-c', 'read -r _; exec "$0" "$@"', command, ...args], { ...options, env });
}

export function startHeld(program: Program): void {
  program.write('\n');
}
