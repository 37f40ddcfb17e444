// SPDX-License-Identifier: Apache-2.0
export type { FaultCode } from './constants.js';
export type * from './messages-of-protocol.js';
export { redis } from './plugin.js';
export type * from './redis-message.js';
