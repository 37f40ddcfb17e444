// SPDX-License-Identifier: Apache-2.0

/**
 * What a message of any protocol may say of itself to those who do not know its protocol. A protocol puts these on the
 * prototype of its messages, as getters: so they cost nothing unless somebody asks, and are no part of the JSON.
 */
export interface MessageDescription {
  /** One line for a person; of a request the first word tells what was asked. */
  readonly summary: string;
  /** The other side refused. */
  readonly isFailure?: boolean;
  /** About how many bytes of content the message holds: queues are bounded by them. */
  readonly heldBytes?: number;
}

/** What a message says of itself; undefined when it says nothing, or fails to: it is somebody else's code. */
export function describeMessage(message: unknown): MessageDescription | undefined {
  if (typeof message !== 'object' || message === null || !('summary' in message)) return undefined;
  try {
    const { summary, isFailure, heldBytes } = message as Partial<MessageDescription>;
    if (typeof summary !== 'string') return undefined;
    return { summary, isFailure: isFailure === true, ...(isCount(heldBytes) ? { heldBytes } : {}) };
  } catch {
    return undefined;
  }
}

/** Only that of a description: cheap, for every flow is asked. */
export function heldBytesOf(message: object): number | undefined {
  try {
    const { heldBytes } = message as Partial<MessageDescription>;
    return isCount(heldBytes) ? heldBytes : undefined;
  } catch {
    return undefined;
  }
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && value >= 0;
}
