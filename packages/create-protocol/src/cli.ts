// SPDX-License-Identifier: Apache-2.0
import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { coreDependency } from './core-dependency.js';
import { CreateError } from './create-error.js';
import { createPackage } from './create-package.js';

const USAGE = `Usage: npm create @flowtap/protocol <name> [directory]

Begins a protocol plugin: a package that builds, passes its tests, and is loaded by flowtap --plugin.
The directory is named like the protocol unless you give another.`;

/** @returns the exit status. */
async function main(): Promise<number> {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const;
    const { values, positionals } = parseArgs({ options, allowPositionals: true });
    const [name, directory = name] = positionals;
    if (values.help === true || name === undefined || directory === undefined || positionals.length > 2) {
      process.stdout.write(`${USAGE}\n`);
      return values.help === true ? 0 : 2;
    }
    const templateDirectory = fileURLToPath(new URL('template', import.meta.url));
    const path = await createPackage({ name, directory, templateDirectory, dependencyOf: coreDependency });
    process.stdout.write(nextSteps(name, relative(process.cwd(), path) || '.'));
    return 0;
  } catch (error) {
    if (!(error instanceof CreateError) && !isArgumentError(error)) throw error;
    process.stderr.write(`create-protocol: ${error.message}\n`);
    return 2;
  }
}

function isArgumentError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

function nextSteps(name: string, path: string): string {
  return `Created ${basename(path)}, a plugin for the protocol ${name}. Next:

  cd ${path}
  npm install
  npm test
  npm run build
  sudo flowtap run --plugin ./dist/index.js -- <a program that speaks ${name}>
`;
}

process.exitCode = await main();
