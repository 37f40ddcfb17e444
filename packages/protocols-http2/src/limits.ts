// SPDX-License-Identifier: Apache-2.0

/** RFC 9113 §6.5.2: SETTINGS_MAX_FRAME_SIZE before any SETTINGS. */
export const DEFAULT_MAX_FRAME_SIZE = 16_384;

/** RFC 9113 §4.1: the length has 24 bits. */
export const LARGEST_FRAME_SIZE = 0xff_ff_ff;

/** A SETTINGS frame that is longer repeats itself: there are less than ten settings of six bytes. */
export const MAX_CONTROL_PAYLOAD = 1024;

/** SETTINGS frames that wait for their acknowledgement; peers wait for each. */
export const MAX_UNACKNOWLEDGED_SETTINGS = 16;

/** Bytes of each direction that detection looks at: the heads of a few frames. */
export const PROBE_BYTES = 4096;

/** Bytes that the search for a frame boundary keeps: two frames of the default size and what lies around them. */
export const MAX_SEARCH_BYTES = 65_536;

/** Places that may be a frame boundary and wait for more bytes to tell. */
export const MAX_CANDIDATES = 32;

/** Streams that were given up and may still send frames. */
export const MAX_REMEMBERED_STREAMS = 256;
