// SPDX-License-Identifier: Apache-2.0
export type { FaultCode } from './constants.js';
export { http1 } from './plugin.js';
