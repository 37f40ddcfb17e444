// SPDX-License-Identifier: Apache-2.0
// Prints what preflight() says, and what start() does.
import { BpfSource, preflight } from '../../src/index.js';

const report = await preflight();
const source = new BpfSource();
const outcome = await source.start().then(
  () => 'started',
  (error: { code: string; message: string }) => ({ code: error.code, message: error.message }),
);
await source.stop();
process.stdout.write(JSON.stringify({ report, outcome }));
