// SPDX-License-Identifier: Apache-2.0
import type { GrpcSchema, ProtocolPlugin } from '@flowtap/core';
import { http1 } from '@flowtap/protocols-http1';
import { http2 } from '@flowtap/protocols-http2';
import { postgres } from '@flowtap/protocols-postgres';
import { redis } from '@flowtap/protocols-redis';
import { websocket } from '@flowtap/protocols-websocket';
import { UsageError } from '../usage-error.js';
import { parseChoice } from './choice.js';

/**
 * In the order in which they are asked: HTTP/2 and Redis know their connections more surely than HTTP/1 does, which begins
 * WebSockets.
 */
const PLUGINS = {
  http2: (options: ProtocolOptions): ProtocolPlugin => http2(options),
  redis: (): ProtocolPlugin => redis(),
  http1: (): ProtocolPlugin => http1(),
  websocket: (): ProtocolPlugin => websocket(),
  postgres: (): ProtocolPlugin => postgres(),
} as const;

export interface ProtocolOptions {
  /** What --proto gives. */
  readonly grpcSchema: GrpcSchema | undefined;
}

export type ProtocolChoice = keyof typeof PLUGINS;

export const PROTOCOL_CHOICES = Object.keys(PLUGINS) as readonly ProtocolChoice[];

/** `http1,http2`: names with commas between. */
export function parseProtocols(option: string, text: string): readonly ProtocolChoice[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.includes('')) throw new UsageError(`${option}: '${text}' has an empty name.`);
  return names.map((name) => parseChoice(option, PROTOCOL_CHOICES, name));
}

/** The plugins that were chosen, all by default. */
export function createProtocols(
  chosen: readonly ProtocolChoice[] = PROTOCOL_CHOICES,
  options: ProtocolOptions = { grpcSchema: undefined },
): readonly ProtocolPlugin[] {
  return PROTOCOL_CHOICES.filter((name) => chosen.includes(name)).map((name) => PLUGINS[name](options));
}
