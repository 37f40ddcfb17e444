// SPDX-License-Identifier: Apache-2.0
import type { RedisReply } from './redis-message.js';
import { firstText, isList } from './reply-secrets.js';

const CONFIRMATIONS = ['subscribe', 'psubscribe', 'ssubscribe', 'unsubscribe', 'punsubscribe', 'sunsubscribe'] as const;

/** Commands that are answered by one confirmation for each channel or pattern. */
export type SubscriptionKind = (typeof CONFIRMATIONS)[number];

export interface Confirmation {
  readonly kind: SubscriptionKind;
  /** Nothing was left to unsubscribe from. */
  readonly isOfNothing: boolean;
  /** Subscriptions that remain: channels and patterns together, shard channels on their own. */
  readonly remaining: number;
}

export function subscriptionKindOf(word: string | undefined): SubscriptionKind | undefined {
  const lower = word?.toLowerCase();
  return CONFIRMATIONS.find((kind) => kind === lower);
}

/** Reads `["subscribe", channel, count]`; in RESP2 an array, in RESP3 a push. */
export function confirmationOf({ value }: RedisReply): Confirmation | undefined {
  const first = firstText(value);
  const kind = CONFIRMATIONS.find((name) => name === first);
  if (kind === undefined || value === undefined || value === null) return undefined;
  if (typeof value !== 'object' || !isList(value) || value.length !== 3) return undefined;
  const [, channel, remaining] = value;
  return typeof remaining === 'number' ? { kind, isOfNothing: channel === null, remaining } : undefined;
}

/** How many subscriptions a connection has, as the confirmations tell. */
export class Subscriptions {
  #together = 0;
  #channels = 0;
  #patterns = 0;
  #shards = 0;

  get isEmpty(): boolean {
    return this.#together === 0 && this.#shards === 0;
  }

  note({ kind, remaining }: Confirmation): void {
    if (kind === 'ssubscribe' || kind === 'sunsubscribe') {
      this.#shards = remaining;
      return;
    }
    const change = remaining - this.#together;
    this.#together = remaining;
    if (kind === 'subscribe' || kind === 'unsubscribe') this.#channels += change;
    else this.#patterns += change;
  }

  /** Whether an unsubscription from all of its kind has come to its end with this confirmation. */
  isLast({ kind, isOfNothing }: Confirmation): boolean {
    if (isOfNothing) return true;
    if (kind === 'sunsubscribe') return this.#shards === 0;
    return (kind === 'unsubscribe' ? this.#channels : this.#patterns) <= 0;
  }

  reset(): void {
    this.#together = 0;
    this.#channels = 0;
    this.#patterns = 0;
    this.#shards = 0;
  }
}
