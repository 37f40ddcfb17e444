// SPDX-License-Identifier: Apache-2.0
import { SUCCESS } from './exit-status.js';
import { shareLargerPieces } from './memory.js';
import { createNotices } from './notices.js';
import { createProgram } from './program.js';
import { reportFailure } from './report-failure.js';

/**
 * @param argv what follows `flowtap` on the command line.
 * @returns the exit status. Never rejects: what fails is told in one line on stderr.
 */
export async function main(argv: readonly string[]): Promise<number> {
  shareLargerPieces();
  const notices = createNotices(process.stderr);
  // A reader that went away (flowtap … | head) is the exporter's business; without a listener it would be a crash.
  process.stdout.on('error', () => {});
  process.stderr.on('error', () => {});
  const failed = (error: unknown): number => reportFailure(error, argv[0], notices);
  process.on('uncaughtException', (error) => process.exit(failed(error)));

  let status = SUCCESS;
  const program = createProgram(notices, (result) => {
    status = result;
  });
  try {
    await program.parseAsync(argv, { from: 'user' });
    return status;
  } catch (error) {
    return failed(error);
  }
}
