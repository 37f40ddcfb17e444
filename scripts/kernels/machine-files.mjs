// SPDX-License-Identifier: Apache-2.0
import { canUseDebianArchive } from '../lib/debian-archive.mjs';
import { ScriptError, warn } from '../lib/say.mjs';
import { ensureKernel } from './kernels.mjs';
import { machines } from './plan.mjs';
import { ensureRootFiles } from './root-files.mjs';

/** Fetches the kernels and the file systems of all virtual machines. Returns the names of what could not be had. */
export function ensureMachineFiles() {
  if (!canUseDebianArchive()) return ["Debian's kernels: apt and Debian's keys are missing"];
  const missing = new Set();
  const attempt = (name, ensure) => {
    try {
      ensure();
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      warn(error.message);
      missing.add(name);
    }
  };
  for (const { arch, kernel } of machines()) {
    attempt(`kernel ${kernel.name} for ${arch}`, () => ensureKernel(kernel, arch));
    attempt(`files for virtual machines, ${arch}`, () => ensureRootFiles(arch));
  }
  return [...missing];
}
