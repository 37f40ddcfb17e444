// SPDX-License-Identifier: Apache-2.0
import { statusOfSignal } from './exit-status.js';

const STOPPING = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** The first signal asks for an orderly end; the second one does not wait for it. */
export interface StopRequest {
  readonly requested: Promise<void>;
  dispose(): void;
}

export function listenForStop(): StopRequest {
  let resolve = (): void => {};
  const requested = new Promise<void>((done) => {
    resolve = done;
  });
  let asked = false;
  const listener = (signal: NodeJS.Signals): void => {
    if (asked) process.exit(statusOfSignal(signal));
    asked = true;
    resolve();
  };
  for (const signal of STOPPING) process.on(signal, listener);
  return {
    requested,
    dispose() {
      for (const signal of STOPPING) process.off(signal, listener);
    },
  };
}
