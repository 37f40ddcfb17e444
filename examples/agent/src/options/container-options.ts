// SPDX-License-Identifier: Apache-2.0
import type { ContainerSelection } from '@flowtap/docker-tracker';
import { type Command, Option } from 'commander';
import { UsageError } from '../usage-error.js';
import { collect } from './collect.js';

/** Which container engine, and what of it. */
export interface EngineOptions {
  readonly containerLabels?: boolean;
  readonly dockerHost?: string;
}

/** Which containers to capture; the values of all of them add up. */
export interface ContainerOptions extends EngineOptions {
  readonly container?: readonly string[];
  readonly image?: readonly string[];
  readonly label?: readonly LabelSelection[];
  readonly compose?: readonly string[];
  readonly allContainers?: boolean;
}

type LabelSelection = Extract<ContainerSelection, { readonly label: string }>;

export function addContainerOptions(command: Command): void {
  const repeatable = (flags: string, description: string) =>
    new Option(flags, `${description}; repeatable`).argParser(collect((text) => text));
  command
    .addOption(repeatable('--container <name>', 'the container of this name or id, also after it restarts'))
    .addOption(repeatable('--image <name>', 'containers of this image, as in nginx or nginx:1.27'))
    .addOption(
      new Option('--label <key[=value]>', 'containers with this label; repeatable').argParser(collect(parseLabel)),
    )
    .addOption(repeatable('--compose <project>', 'containers of this Docker Compose project'))
    .addOption(new Option('--all-containers', 'every container but the one that flowtap runs in'));
  addEngineOptions(command);
}

export function addEngineOptions(command: Command): void {
  command
    .addOption(new Option('--container-labels', 'show the labels of containers in flows'))
    .addOption(new Option('--docker-host <url>', 'where the container engine listens (default: it is searched for)'));
}

function parseLabel(text: string): LabelSelection {
  const [, label = '', value] = /^([^=]*)(?:=(.*))?$/s.exec(text) ?? [];
  if (label === '') throw new UsageError(`--label: '${text}' is not a label;`, 'write key or key=value.');
  return value === undefined ? { label } : { label, value };
}

/** Empty when none of the options was given. */
export function containerSelections(options: ContainerOptions): readonly ContainerSelection[] {
  return [
    ...(options.container ?? []).flatMap((text) => [{ name: text }, ...(isIdPrefix(text) ? [{ id: text }] : [])]),
    ...(options.image ?? []).map((image) => ({ image })),
    ...(options.label ?? []),
    ...(options.compose ?? []).map((composeProject) => ({ composeProject })),
    ...(options.allContainers === true ? [{ all: true } as const] : []),
  ];
}

/** Shorter ones are more likely a name. The docker command shows twelve digits. */
function isIdPrefix(text: string): boolean {
  return /^[0-9a-f]{6,64}$/i.test(text);
}
