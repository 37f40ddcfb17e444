// SPDX-License-Identifier: Apache-2.0

/** What a client's own commands say about the replies that it gets: CLIENT REPLY, and MULTI, in which commands only queue. */
export class ReplyMode {
  #isOff = false;
  #skipsNext = false;
  #isInTransaction = false;

  /** Commands have no effect of their own before EXEC. */
  get isInTransaction(): boolean {
    return this.#isInTransaction;
  }

  /** Whether there will be a reply to the command, which is the next one. */
  next(words: readonly string[]): boolean {
    const [name, sub, option] = words;
    const isSkipped = this.#skipsNext;
    this.#skipsNext = false;
    if (name === 'RESET') {
      this.#isOff = false;
      this.#isInTransaction = false;
      return true;
    }
    if (name === 'MULTI') this.#isInTransaction = true;
    else if (name === 'EXEC' || name === 'DISCARD') this.#isInTransaction = false;
    else if (name === 'CLIENT' && sub === 'REPLY' && !this.#isInTransaction) {
      switch (option) {
        case 'ON':
          this.#isOff = false;
          return true;
        case 'OFF':
          this.#isOff = true;
          return false;
        case 'SKIP':
          this.#skipsNext = !this.#isOff;
          return false;
      }
    }
    return !this.#isOff && !isSkipped;
  }
}
