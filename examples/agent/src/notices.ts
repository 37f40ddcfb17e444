// SPDX-License-Identifier: Apache-2.0
import type { Writable } from 'node:stream';
import type { Logger } from '@flowtap/core';

/** What flowtap says about itself: one line each, on stderr, so that it never mixes with flows on stdout. */
export interface Notices {
  say(message: string): void;
  /** Says it the first time only; `topic` tells what is the same. */
  sayOnce(topic: string, message: string): void;
}

export function createNotices(stream: Writable): Notices {
  const said = new Set<string>();
  const say = (message: string): void => {
    stream.write(`flowtap: ${message.replaceAll(/\s*\n\s*/g, ' ')}\n`);
  };
  return {
    say,
    sayOnce(topic, message) {
      if (said.has(topic)) return;
      said.add(topic);
      say(message);
    },
  };
}

/** Warnings and errors of the libraries become notices; what only a developer wants to know is dropped. */
export function noticeLogger(notices: Notices): Logger {
  const ignore = (): void => {};
  // `source-error: …`: the code in front is for programs, the sentence is for people.
  // Numbers differ each time, as in how many flows a full disk did not take: the summary at the end has the totals.
  const sayOnce = (message: string): void =>
    notices.sayOnce(message.replaceAll(/\d+/g, '#'), message.replace(/^(?:[a-z]+-)+error: /, ''));
  return { debug: ignore, info: ignore, warn: sayOnce, error: sayOnce };
}
