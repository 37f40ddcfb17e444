// SPDX-License-Identifier: Apache-2.0
import type { Notices } from './notices.js';
import { writeOwnedFile } from './owned-file.js';

/** Tells the user, and whoever waits for the file, that everything is attached. */
export async function announceReady(what: string, readyFile: string | undefined, notices: Notices): Promise<void> {
  notices.say(`capturing ${what}`);
  if (readyFile !== undefined) await writeOwnedFile(readyFile, `${process.pid}\n`);
}
