// SPDX-License-Identifier: Apache-2.0
import type { RedisCommand, RedisReply } from './redis-message.js';

declare module '@flowtap/core' {
  interface ProtocolMessages {
    redis: { request: RedisCommand; response: RedisReply };
  }
}
