// SPDX-License-Identifier: Apache-2.0
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

/** Something that happened to a container. */
export interface EngineEvent {
  /** `create`, `start`, `die`, `connect` (to a network) … */
  readonly action: string;
  readonly containerId: string;
  /** Of the network that it joined or left. */
  readonly networkId?: string;
  /** Name, image and labels, all in one. Empty for networks. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** Attributes that the engine adds to the labels of a container. */
const OWN_ATTRIBUTES = new Set(['name', 'image', 'exitCode', 'execID', 'signal', 'oldName', 'execDuration']);

export function labelsOf({ attributes }: EngineEvent): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !OWN_ATTRIBUTES.has(key)));
}

/** Hands on the events of a stream. Resolves when it ends, with what ended it. */
export async function followEvents(stream: Readable, onEvent: (event: EngineEvent) => void): Promise<Error> {
  let failure: Error | undefined;
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  stream.once('error', (error) => {
    failure = error;
  });
  // A stream that is destroyed has no end that the lines could come to.
  stream.once('close', () => lines.close());
  try {
    for await (const line of lines) {
      const event = parseEvent(line);
      if (event !== undefined) onEvent(event);
    }
  } catch (error) {
    failure ??= error as Error;
  } finally {
    stream.destroy();
  }
  return failure ?? new Error('the stream of events ended');
}

/** Undefined for what is of no interest, and for what is no event at all. */
export function parseEvent(line: string): EngineEvent | undefined {
  let event: {
    readonly Type?: string;
    readonly Action?: string;
    readonly Actor?: { readonly ID?: string; readonly Attributes?: Readonly<Record<string, string>> };
  };
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { Type, Action, Actor } = event ?? {};
  if (typeof Action !== 'string') return undefined;
  const attributes = Actor?.Attributes ?? {};
  // A network tells which container joined or left it.
  const containerId = Type === 'network' ? attributes['container'] : Actor?.ID;
  if (typeof containerId !== 'string' || containerId === '') return undefined;
  if (Type === 'network') return { action: Action, containerId, networkId: Actor?.ID ?? '', attributes: {} };
  // `exec_start: sh -c …`: the command is of no interest.
  return { action: Action.split(':')[0] ?? Action, containerId, attributes };
}
