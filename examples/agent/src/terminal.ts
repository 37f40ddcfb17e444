// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';

/** Whether this process has a controlling terminal, whose keys then send signals (termios(3), ISIG). */
export function hasTerminal(): boolean {
  try {
    return statHasTerminal(readFileSync('/proc/self/stat', 'utf8'));
  } catch {
    return false;
  }
}

/** @param stat content of /proc/<pid>/stat (proc(5)): state, ppid, pgrp, session, tty_nr. */
export function statHasTerminal(stat: string): boolean {
  // The name in parentheses may hold anything, parentheses and blanks included.
  const terminal = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[4];
  return terminal !== undefined && terminal !== '0';
}
