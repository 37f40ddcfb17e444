// SPDX-License-Identifier: Apache-2.0
import { canUseDebianArchive } from '../lib/debian-archive.mjs';
import { ScriptError, warn } from '../lib/say.mjs';
import { ensureKernel, kernels } from './kernels.mjs';
import { ensureRootFiles } from './root-files.mjs';

/** Fetches the kernels and the file system of the virtual machines. Returns the names of what could not be had. */
export function ensureMachineFiles(arch = 'x64') {
  if (!canUseDebianArchive()) return ["Debian's kernels: apt and Debian's keys are missing"];
  const wanted = [
    ...kernels.map((kernel) => ({ name: `kernel ${kernel.name}`, ensure: () => ensureKernel(kernel, arch) })),
    { name: 'files for virtual machines', ensure: () => ensureRootFiles(arch) },
  ];
  return wanted.flatMap(({ name, ensure }) => {
    try {
      ensure();
      return [];
    } catch (error) {
      if (!(error instanceof ScriptError)) throw error;
      warn(error.message);
      return [name];
    }
  });
}
