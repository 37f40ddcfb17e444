// SPDX-License-Identifier: Apache-2.0
import type { ChildProcess } from 'node:child_process';
import { hasTerminal } from './terminal.js';
import { createTerminalWitness } from './terminal-witness.js';

/** What a user or a supervisor sends to end or to steer a command. */
const RELAYED = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2', 'SIGALRM'] as const;

/** What a key sends to flowtap and to the command alike: passing it on would deliver it twice. */
const FROM_KEYBOARD: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);

/** Passes the signals that flowtap gets on to the command that it runs. */
export interface SignalRelay {
  /** First signal that came before there was a command to pass it to. */
  readonly early: NodeJS.Signals | undefined;
  /** From now on signals go to this process, those that came too early first. */
  passTo(child: ChildProcess): void;
  /** The command has ended: the next signal is for flowtap itself. */
  release(onSignal: (signal: NodeJS.Signals) => void): void;
  dispose(): void;
}

export function createSignalRelay(): SignalRelay {
  const early: NodeJS.Signals[] = [];
  const witness = hasTerminal() ? createTerminalWitness() : undefined;
  let handle = (signal: NodeJS.Signals): void => {
    early.push(signal);
  };
  const listener = (signal: NodeJS.Signals): void => handle(signal);
  for (const signal of RELAYED) process.on(signal, listener);
  return {
    get early() {
      return early[0];
    },
    passTo(child) {
      for (const signal of early) child.kill(signal);
      handle = async (signal) => {
        if (FROM_KEYBOARD.has(signal) && (await witness?.sawToo(signal)) === true) return;
        child.kill(signal);
      };
    },
    release(onSignal) {
      handle = onSignal;
      witness?.dispose();
    },
    dispose() {
      for (const signal of RELAYED) process.off(signal, listener);
    },
  };
}
