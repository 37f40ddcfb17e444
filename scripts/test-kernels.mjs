// SPDX-License-Identifier: Apache-2.0
// npm run test:kernels [-- --quick] [--kernel <name>] [--arch <name>] [--write]: the packed packages on Debian's kernels, each
// in a virtual machine, and on this one. Prints kernel × back end × test; the last line is "N passed, N failed".
// --quick: one kernel, the least. --kernel, --arch: these only, may be repeated. --write: the tables go to docs/kernels.md.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { release, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compilePrograms } from './kernels/compiled-programs.mjs';
import { makeBaseImage, makeImage } from './kernels/image.mjs';
import { installPackages } from './kernels/installed.mjs';
import { ensureKernel } from './kernels/kernels.mjs';
import { boot } from './kernels/machine.mjs';
import { machines, quickMachine, thisMachine } from './kernels/plan.mjs';
import { readReport } from './kernels/report-lines.mjs';
import { ensureRootFiles } from './kernels/root-files.mjs';
import { problemsOf, programTable, resultTable } from './kernels/table.mjs';
import { rootDirectory, run } from './lib/run.mjs';
import { runMain, ScriptError, say, warn } from './lib/say.mjs';

const minuteMs = 60_000;
/** How much slower software emulation is than the machine that the tests' time limits were made for, at its busiest. */
const patience = 10;

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    kernel: { type: 'string', multiple: true },
    arch: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
});

await runMain(async () => {
  run(process.execPath, [join(rootDirectory, 'scripts/setup.mjs'), 'build', 'kernels']);
  run(process.execPath, [join(rootDirectory, 'scripts/build.mjs')]);
  const wanted = (options.quick ? [quickMachine()] : machines()).filter(isAsked);
  if (wanted.length === 0) throw new ScriptError(`there is no such kernel; there are: ${allNames().join(', ')}.`);
  const arches = [...new Set(wanted.map(({ arch }) => arch))];
  run(process.execPath, [join(rootDirectory, 'packages/bpf-native/scripts/build-native.mjs'), ...arches]);
  const installed = installPackages();
  const images = new Map(arches.map((arch) => [arch, baseImage(arch, installed, wanted)]));

  const all = !options.quick && options.kernel === undefined && options.arch === undefined;
  const columns = all ? [onThisMachine(installed)] : [];
  for (const machine of wanted) columns.push(await onVirtualMachine(machine, images.get(machine.arch)));
  return report(columns);
});

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

async function onVirtualMachine(machine, base) {
  const { arch, kernel, backend } = machine;
  const name = [kernel.name, arch, backend].filter(Boolean).join('-');
  say(`kernel ${name}`);
  const environment = {
    FLOWTAP_TEST_PATIENCE: String(patience),
    FLOWTAP_TEST_MACHINE: 'virtual',
    FLOWTAP_TEST_PROGRAMS: '/programs',
  };
  const image = makeImage(base, jobFor(machine, '/work', environment));
  const file = ensureKernel(kernel, arch);
  const timeoutMs = (options.quick ? 10 : 25) * minuteMs;
  const result = await boot({ name, arch, kernel: file, image, timeoutMs });
  rmSync(image);
  return announced({ label: result.kernel ?? `${kernel.name} ${arch}`, backend, report: result });
}

function onThisMachine(installed) {
  say(`kernel ${release()}, this machine`);
  const directory = mkdtempSync(join(tmpdir(), 'flowtap-kernels-'));
  try {
    const job = jobFor(thisMachine, installed, {});
    const file = join(directory, 'job.json');
    writeFileSync(file, JSON.stringify(job));
    const { stdout, stderr } = spawnSync(process.execPath, ['test/kernels/guest/main.js', file], {
      cwd: installed,
      encoding: 'utf8',
      env: { ...process.env, ...job.env },
      timeout: 10 * minuteMs,
    });
    if (stderr) warn(stderr);
    return announced({ label: `${release()} (host)`, backend: thisMachine.backend, report: readReport(stdout) });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function announced(column) {
  const passed = column.report.tests.filter(({ state }) => state === 'pass').length;
  say(`  ${passed} of ${column.report.tests.length} passed`);
  return column;
}

function report(columns) {
  const tables = [resultTable(columns), programTable(columns)].filter((table) => table !== undefined).join('\n\n');
  process.stdout.write(`\n${tables}\n\n`);
  if (options.write) writeFileSync(join(rootDirectory, 'docs/kernels.md'), documentation(tables));
  const problems = columns.flatMap(problemsOf);
  for (const problem of problems) warn(problem);
  const passed = columns.flatMap((column) => column.report.tests).filter(({ state }) => state === 'pass').length;
  process.stdout.write(`${passed} passed, ${problems.length} failed\n`);
  return problems.length === 0 ? 0 : 1;
}

function documentation(tables) {
  return `# Kernels

Measured by \`npm run test:kernels -- --write\`: the packages as npm packs them, on Debian's kernels in virtual machines and
on the machine that measured. Programs: instructions that the kernel's verifier went through; the times are those of
software emulation, some tens of times slower than a machine, except for the host's.

${tables}
`;
}
