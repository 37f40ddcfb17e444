// SPDX-License-Identifier: Apache-2.0
export type * from './messages.js';
export { memcached, memcached as default } from './plugin.js';
