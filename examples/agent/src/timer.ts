// SPDX-License-Identifier: Apache-2.0

export interface Timer {
  readonly promise: Promise<void>;
  start(): void;
  cancel(): void;
}

/** @param seconds without it the promise never resolves. */
export function createTimer(seconds: number | undefined): Timer {
  let expire = (): void => {};
  const promise = new Promise<void>((resolve) => {
    expire = resolve;
  });
  let timeout: NodeJS.Timeout | undefined;
  return {
    promise,
    start() {
      if (seconds !== undefined) timeout = setTimeout(expire, seconds * 1000);
    },
    cancel() {
      clearTimeout(timeout);
    },
  };
}
