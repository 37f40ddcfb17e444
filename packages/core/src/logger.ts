// SPDX-License-Identifier: Apache-2.0

/** Where the library reports what is not worth an error. It is silent unless a logger is given. */
export interface Logger {
  debug(message: string): void;
  info(message: string): void;
  warn(message: string): void;
  error(message: string): void;
}

const ignore = () => {};

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore };
