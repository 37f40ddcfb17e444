// SPDX-License-Identifier: Apache-2.0
import type { Corpus } from './corpus.js';

/** Something that reads a corpus: makes what may be made before the clock runs, and answers what to measure. */
export type Contender = (corpus: Corpus) => () => Promise<RunResult> | RunResult;

/** What a run found; compared with the corpus, so that nobody is fast by skipping work. */
export interface RunResult {
  readonly messages: number;
  readonly bodyBytes: number;
  readonly headers: number;
}
