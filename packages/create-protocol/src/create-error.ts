// SPDX-License-Identifier: Apache-2.0

/** What was asked for cannot be made; the message says why and what to do. */
export class CreateError extends Error {}
