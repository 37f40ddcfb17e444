// SPDX-License-Identifier: Apache-2.0
// Runs the tests of a plan, and gives what became of them as a column of the table.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { warn } from '../lib/say.mjs';
import { makeImage } from './image.mjs';
import { ensureKernel } from './kernels.mjs';
import { boot } from './machine.mjs';
import { readReport } from './report-lines.mjs';

const minuteMs = 60_000;
/** How much slower software emulation is than the machine that the tests' time limits were made for, at its busiest. */
const patience = 10;

/**
 * In a virtual machine.
 * @param {import('./plan.mjs').Machine} machine
 * @param base image of its architecture
 * @returns {Promise<import('./table.mjs').Column>}
 */
export async function runOnVirtualMachine(machine, base, timeoutMs) {
  const { arch, kernel, backend } = machine;
  const environment = {
    FLOWTAP_TEST_PATIENCE: String(patience),
    FLOWTAP_TEST_MACHINE: 'virtual',
    FLOWTAP_TEST_PROGRAMS: '/programs',
  };
  const name = [kernel.name, arch, backend].filter(Boolean).join('-');
  const file = ensureKernel(kernel, arch);
  const image = makeImage(base, name, jobFor(machine, '/work', environment));
  const report = await boot({ name, arch, kernel: file, image, timeoutMs });
  rmSync(image);
  return { label: report.kernel ?? `${kernel.name} ${arch}`, backend, report };
}

/** On the machine that runs this, from the directory where the packages are installed. */
export function runHere({ backend, files }, installed) {
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-kernels-'));
  try {
    const job = jobFor({ backend, files }, installed, {});
    const file = join(directory, 'job.json');
    writeFileSync(file, JSON.stringify(job));
    const { stdout, stderr } = spawnSync(process.execPath, ['test/kernels/guest/main.js', file], {
      cwd: installed,
      encoding: 'utf8',
      env: { ...process.env, ...job.env },
      timeout: 10 * minuteMs,
    });
    if (stderr) warn(stderr);
    return { label: `${release()} (host)`, backend, report: readReport(stdout) };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** What test/kernels/guest/main.js reads. */
function jobFor({ backend, files }, installed, environment) {
  return {
    files,
    timeoutMs: patience * minuteMs,
    env: {
      FLOWTAP_CLI: join(installed, 'node_modules/@flowtap/agent/dist/cli.js'),
      FLOWTAP_REQUIRE_ALL: '1',
      ...(backend === undefined ? {} : { FLOWTAP_TEST_BACKEND: backend }),
      ...environment,
    },
  };
}
