// SPDX-License-Identifier: Apache-2.0

/** For `test.each`: plain and over OpenSSL. */
export const schemes = [
  ['http', false],
  ['https', true],
] as const;
