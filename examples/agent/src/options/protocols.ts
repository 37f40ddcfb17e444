// SPDX-License-Identifier: Apache-2.0
import type { GrpcSchema, ProtocolPlugin } from '@flowtap/core';
import { UsageError } from '../usage-error.js';
import { parseChoice } from './choice.js';

/**
 * Loaded when they are chosen, while the kernel verifies its programs. In the order in which they are asked: those that know
 * their connections surely, then HTTP/1, which waits for more where a connection was joined late, and begins WebSockets.
 */
const PLUGINS = {
  http2: async (options: ProtocolOptions) => (await import('@flowtap/protocols-http2')).http2(options),
  postgres: async () => (await import('@flowtap/protocols-postgres')).postgres(),
  mysql: async () => (await import('@flowtap/protocols-mysql')).mysql(),
  redis: async () => (await import('@flowtap/protocols-redis')).redis(),
  http1: async () => (await import('@flowtap/protocols-http1')).http1(),
  websocket: async () => (await import('@flowtap/protocols-websocket')).websocket(),
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
): Promise<readonly ProtocolPlugin[]> {
  return Promise.all(PROTOCOL_CHOICES.filter((name) => chosen.includes(name)).map((name) => PLUGINS[name](options)));
}
