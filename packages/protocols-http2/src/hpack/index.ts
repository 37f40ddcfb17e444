// SPDX-License-Identifier: Apache-2.0
export { type DecodedBlock, HpackDecoder, UNKNOWN_NAME } from './decoder.js';
