// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { say } from './say.mjs';

/**
 * Fills a directory once, whole or not at all: what is interrupted leaves nothing that looks complete.
 *
 * @param place the directory
 * @param recipe anything that JSON can hold: when it changes, the directory is filled anew
 * @param fill gets an empty directory beside `place`, which then takes its name
 */
export function fetchOnce(place, recipe, fill) {
  const note = join(place, 'made-from.json');
  const text = JSON.stringify(recipe);
  if (existsSync(note) && readFileSync(note, 'utf8') === text) return;
  say(`fetching ${basename(place)} for the tests`);
  mkdirSync(dirname(place), { recursive: true });
  const directory = mkdtempSync(join(dirname(place), '.new-'));
  try {
    fill(directory);
    writeFileSync(join(directory, 'made-from.json'), text);
    rmSync(place, { recursive: true, force: true });
    renameSync(directory, place);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
