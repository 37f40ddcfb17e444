// SPDX-License-Identifier: Apache-2.0
export type { FaultCode } from './constants.js';
export { UNKNOWN_NAME } from './hpack/decoder.js';
export type * from './messages-of-protocol.js';
export { type Http2Options, http2 } from './plugin.js';
