// SPDX-License-Identifier: Apache-2.0
import { readdirSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';

/** As nice(1) counts. */
const RAISED = -5;

/**
 * Lets this process come before the programs that it observes. They wait for nobody: on a machine without an idle
 * processor what they do while this process waits for its turn fills the ring buffer, and what finds no room is lost.
 *
 * A priority that was chosen for this process stays, and where the kernel refuses (capabilities(7), CAP_SYS_NICE) nothing
 * changes. A command that is to be captured must be started before, or it would inherit the priority.
 */
export function raisePriority(): void {
  try {
    if (getPriority() !== 0) return;
    // On Linux a priority belongs to a thread, and threads inherit it: setpriority(2), "C library/kernel differences".
    for (const thread of readdirSync('/proc/self/task')) setPriority(Number(thread), RAISED);
  } catch {
    // Not allowed, or a thread has just ended: it goes on as it is.
  }
}
