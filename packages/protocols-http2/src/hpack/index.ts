// SPDX-License-Identifier: Apache-2.0
export { type BlockState, type DecodedBlock, type FieldSink, HpackDecoder, UNKNOWN_NAME } from './decoder.js';
