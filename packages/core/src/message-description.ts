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
}

/** What a message says of itself; undefined when it says nothing, or fails to: it is somebody else's code. */
export function describeMessage(message: unknown): MessageDescription | undefined {
  if (typeof message !== 'object' || message === null || !('summary' in message)) return undefined;
  try {
    const { summary, isFailure } = message as Partial<MessageDescription>;
    return typeof summary === 'string' ? { summary, isFailure: isFailure === true } : undefined;
  } catch {
    return undefined;
  }
}
