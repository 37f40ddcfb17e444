// SPDX-License-Identifier: Apache-2.0
import type { Corpus } from './corpus.js';

/** Something that reads a corpus. */
export interface Contender {
  readonly name: string;
  /** Anything that may be made once, before the clock runs; answers what to measure. */
  prepare(corpus: Corpus): () => Promise<RunResult> | RunResult;
}

/** What a run found; compared with the corpus, so that nobody is fast by skipping work. */
export interface RunResult {
  readonly messages: number;
  readonly bodyBytes: number;
  readonly headers: number;
}
