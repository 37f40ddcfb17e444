// SPDX-License-Identifier: Apache-2.0
// npm run test:kernels [-- --quick] [--kernel <name>] [--arch <name>] [--write]: the packed packages on Debian's kernels, each
// in a virtual machine, and on this one. Prints kernel × back end × test; the last line is "N passed, N failed".
// --quick: one kernel, the least. --kernel, --arch: these only, may be repeated. --write: the tables go to docs/kernels.md.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compilePrograms } from './kernels/compiled-programs.mjs';
import { makeBaseImage } from './kernels/image.mjs';
import { machines, quickMachine, thisMachine } from './kernels/plan.mjs';
import { ensureRootFiles } from './kernels/root-files.mjs';
import { runHere, runOnVirtualMachine } from './kernels/run-tests.mjs';
import { documentation, problemsOf, tablesOf } from './kernels/table.mjs';
import { rootDirectory, run } from './lib/run.mjs';
import { runMain, ScriptError, say, warn } from './lib/say.mjs';

const minuteMs = 60_000;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    kernel: { type: 'string', multiple: true },
    arch: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
});

await runMain(async () => {
  const wanted = (options.quick ? [quickMachine()] : machines()).filter(isAsked);
  if (wanted.length === 0) throw new ScriptError(`there is no such kernel; there are: ${allNames().join(', ')}.`);
  const arches = [...new Set(wanted.map(({ arch }) => arch))];
  run(process.execPath, [join(rootDirectory, 'scripts/setup.mjs'), 'build', 'kernels']);
  run(process.execPath, [join(rootDirectory, 'scripts/build.mjs')]);
  run(process.execPath, [join(rootDirectory, 'packages/bpf-native/scripts/build-native.mjs'), ...arches]);
  // It needs npm packages, which a fresh clone has from here on.
  const { installPackages } = await import('./kernels/installed.mjs');
  const installed = installPackages();
  const images = new Map(arches.map((arch) => [arch, baseImage(arch, installed, wanted)]));

  const columns = [];
  if (!options.quick && options.kernel === undefined && options.arch === undefined) {
    columns.push(announced(runHere(thisMachine, installed)));
  }
  const timeoutMs = (options.quick ? 10 : 40) * minuteMs;
  const results = await runConcurrently(wanted, availableParallelism(), async (machine) =>
    announced(await runOnVirtualMachine(machine, images.get(machine.arch), timeoutMs)),
  );
  return report([...columns, ...results]);
});

/** So many at once: each keeps one processor busy. */
async function runConcurrently(machines, atOnce, run) {
  const results = [];
  const waiting = machines.entries();
  const work = async () => {
    for (const [index, machine] of waiting) results[index] = await run(machine);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return results;
}

function isAsked({ kernel, arch }) {
  return (options.kernel?.includes(kernel.name) ?? true) && (options.arch?.includes(arch) ?? true);
}

function allNames() {
  return [...new Set(machines().map(({ arch, kernel }) => `${kernel.name} on ${arch}`))];
}

function baseImage(arch, installed, wanted) {
  // Go's own library takes minutes to compile the first time.
  const withGo = wanted.some((machine) => machine.arch === arch && machine.withGo);
  const programs = compilePrograms(arch, { withGo });
  return makeBaseImage(arch, { rootFiles: ensureRootFiles(arch), installed, programs });
}

function announced(column) {
  const passed = column.report.tests.filter(({ state }) => state === 'pass').length;
  say(`kernel ${column.label} ${column.backend ?? ''}: ${passed} of ${column.report.tests.length} passed`);
  return column;
}

function report(columns) {
  process.stdout.write(`\n${tablesOf(columns)}\n\n`);
  if (options.write) writeFileSync(join(rootDirectory, 'docs/kernels.md'), documentation(columns));
  const problems = columns.flatMap(problemsOf);
  for (const problem of problems) warn(problem);
  const passed = columns.flatMap((column) => column.report.tests).filter(({ state }) => state === 'pass').length;
  process.stdout.write(`${passed} passed, ${problems.length} failed\n`);
  return problems.length === 0 ? 0 : 1;
}
