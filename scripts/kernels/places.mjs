// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { rootDirectory } from '../lib/run.mjs';

/** All that the virtual machines need; can be deleted at any time. */
export const kernelsCache = join(rootDirectory, '.cache', 'kernels');
