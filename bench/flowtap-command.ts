// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';

/** `flowtap` as npm links it, with what its first line asks of Node.js. From bench/dist/, where the benchmark is bundled to. */
export const FLOWTAP = fileURLToPath(new URL('../../examples/agent/bin/flowtap.js', import.meta.url));
