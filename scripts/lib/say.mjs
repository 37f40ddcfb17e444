// SPDX-License-Identifier: Apache-2.0
// What the scripts tell the user. Steps go to stdout, problems to stderr.

export function say(message) {
  process.stdout.write(`› ${message}\n`);
}

export function warn(message) {
  process.stderr.write(`! ${message}\n`);
}

/** A failure with a message for the user; a script's entry point prints it without a stack trace. */
export class ScriptError extends Error {
  name = 'ScriptError';
}

/** Runs a script's main function, turns its result into the exit status and a ScriptError into one sentence. */
export async function runMain(main) {
  try {
    process.exitCode = (await main()) ?? 0;
  } catch (error) {
    if (!(error instanceof ScriptError)) throw error;
    warn(error.message);
    process.exitCode = 1;
  }
}
