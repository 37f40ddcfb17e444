// SPDX-License-Identifier: Apache-2.0
// Initial RAM file systems: the kernel unpacks any number of cpio archives one after the other.
import { spawnSync } from 'node:child_process';
import { appendFileSync, copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rootDirectory } from '../lib/run.mjs';
import { ScriptError } from '../lib/say.mjs';
import { kernelsCache } from './places.mjs';

/**
 * What is the same for all machines of an architecture: the system's files, the packages with the tests at /work,
 * compiled programs at /programs.
 */
export function makeBaseImage(arch, { rootFiles, installed, programs }) {
  const image = join(kernelsCache, `base-${arch}.cpio`);
  writeFileSync(image, archive(rootFiles));
  const layer = mkdtempSync(join(tmpdir(), 'flowtap-image-'));
  try {
    run('cp', ['-a', installed, join(layer, 'work')]);
    run('cp', ['-a', programs, join(layer, 'programs')]);
    copyFileSync(join(rootDirectory, 'test/kernels/guest/init'), join(layer, 'init'));
    appendFileSync(image, archive(layer));
  } finally {
    rmSync(layer, { recursive: true, force: true });
  }
  return image;
}

/** The base with a job, for one machine. */
export function makeImage(base, name, job) {
  const layer = mkdtempSync(join(tmpdir(), 'flowtap-image-'));
  try {
    writeFileSync(join(layer, 'job.json'), JSON.stringify(job));
    const image = join(kernelsCache, `${name}.cpio`);
    copyFileSync(base, image);
    appendFileSync(image, archive(layer));
    return image;
  } finally {
    rmSync(layer, { recursive: true, force: true });
  }
}

/** Without the directory itself, whose mode would become that of the root. */
function archive(directory) {
  return run('sh', ['-c', 'find . -mindepth 1 | cpio --quiet -o -H newc -R 0:0'], directory);
}

function run(command, args, cwd) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, maxBuffer: 1 << 30 });
  if (status !== 0) throw new ScriptError(`${command} failed: ${error?.message ?? stderr}`);
  return stdout;
}
