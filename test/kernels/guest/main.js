// SPDX-License-Identifier: Apache-2.0
// node main.js <job>: runs live tests and prints a line for each, which scripts/kernels/report-lines.mjs reads.
// job, JSON: { files: [{ path, pattern? }], timeoutMs }
import { readFileSync } from 'node:fs';
import { release } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { startTests } from '@vitest/runner';

const MARK = '@flowtap ';
/** A line of a serial console; a machine that writes more is not waited for. */
const MAX_TEXT = 3000;
const tests = fileURLToPath(new URL('../..', import.meta.url));
const job = JSON.parse(readFileSync(process.argv[2], 'utf8'));

function print(line) {
  process.stdout.write(`\n${MARK}${JSON.stringify(line)}\n`);
}

/** The comparison is for reporters in the first place; a console shows it as it is. */
function describe({ stack, message, diff = '' }) {
  return `${stack ?? message}\n${diff}`;
}

function nameOf(task) {
  const parents = task.suite === undefined || task.suite === task.file ? [] : [nameOf(task.suite)];
  return [...parents, task.name].join(' ');
}

const runner = {
  config: {
    root: tests,
    setupFiles: [],
    name: undefined,
    passWithNoTests: false,
    testNamePattern: undefined,
    allowOnly: false,
    sequence: { seed: 1, hooks: 'stack', setupFiles: 'list' },
    chaiConfig: undefined,
    maxConcurrency: 1,
    testTimeout: job.timeoutMs,
    hookTimeout: job.timeoutMs,
    retry: 0,
    includeTaskLocation: false,
    tags: [],
    tagsFilter: undefined,
    strictTags: true,
  },
  importFile: (path) => import(pathToFileURL(path).href),
  onAfterRunTask(task) {
    const { state = task.mode, duration = 0, errors = [] } = task.result ?? {};
    const message = errors.map(describe).join('\n');
    const file = task.file.filepath.slice(tests.length);
    print({ test: nameOf(task), file, state, ms: Math.round(duration), message: message.slice(0, MAX_TEXT) });
  },
};

print({ begin: release(), uptimeMs: Math.round(performance.now()) });
const specifications = job.files.map(({ path, pattern }) => ({
  filepath: `${tests}${path}`,
  ...(pattern === undefined ? {} : { testNamePattern: new RegExp(pattern) }),
}));
const files = await startTests(specifications, runner);
for (const file of files) {
  // A file that could not be loaded has no test that failed.
  if (file.result?.state === 'fail' && file.tasks.length === 0) {
    const message = (file.result.errors ?? []).map(describe).join('\n');
    print({ test: 'loads', file: file.filepath.slice(tests.length), state: 'fail', ms: 0, message });
  }
}
print({ end: true });
process.exit(0);
