// SPDX-License-Identifier: Apache-2.0
export { UNKNOWN_NAME } from './hpack/decoder.js';
