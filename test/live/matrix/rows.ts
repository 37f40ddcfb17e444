// SPDX-License-Identifier: Apache-2.0
import { nodeSubjects } from './rows/node.js';
import { pythonSubjects } from './rows/python.js';
import { rubySubjects } from './rows/ruby.js';
import type { Subject } from './subject.js';

/** The lines of the table, in its order. */
export const subjects: readonly Subject[] = [...pythonSubjects, ...rubySubjects, ...nodeSubjects];
