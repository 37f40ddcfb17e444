// SPDX-License-Identifier: Apache-2.0
import type { Exchange } from './exchange.js';
import type { ReceivedReply } from './received.js';

/** So long after its last reply, a client that had not got all of them would still be waiting. */
const QUIET_NS = 1e9;

/**
 * What is not known about the order of commands and replies after a loss, or when the connection was joined late.
 *
 * Commands and replies pair by order alone, so replies to unseen commands that are still to come put every later pair in
 * doubt. What came since is kept apart:
 *
 *     commands:  ? ?   a b c          replies:  ? ? 1 2 3        next command: S
 *
 * A client that waits for all its replies before it goes on proves by S that nothing is outstanding. Then the last replies
 * belong to the last commands, counted from the end, whatever was unseen before. One that sends on while replies are
 * outstanding (several users of one connection) proves nothing by that; it shows as soon as there are fewer replies than
 * commands, or at another time. Of such a one only a pause proves it.
 */
export class Doubt {
  /** Commands that are known since doubt began, or since what was known before was given up. */
  readonly commands: Exchange[] = [];
  #replies: ReceivedReply[] = [];
  /** Replies may have been lost among those to `commands`. */
  lostReplies = false;

  get size(): number {
    return this.commands.length + this.#replies.length;
  }

  /** Another command may prove something. */
  get mayBeOver(): boolean {
    return this.#replies.length > 0;
  }

  /** The client sends on although it has not got all its replies. */
  get isOverlapping(): boolean {
    return !this.lostReplies && this.#replies.length < this.commands.length;
  }

  /** Whether nothing is outstanding when a command begins. `overlaps`: the client was seen not to wait. */
  isOver(timestampNs: number, overlaps: boolean): boolean {
    if (this.isOverlapping) return false;
    const lastNs = this.#replies.at(-1)?.endNs ?? timestampNs;
    return !overlaps || timestampNs - lastNs >= QUIET_NS;
  }

  addReply(reply: ReceivedReply): void {
    this.#replies.push(reply);
  }

  /** `waiting`: commands whose replies were the next ones. */
  loseReplies(waiting: readonly Exchange[]): void {
    this.commands.unshift(...waiting);
    this.lostReplies = true;
  }

  /** What was lost before concerns nothing that is still kept. */
  forgetLosses(): void {
    this.lostReplies = false;
  }

  takeCommands(): Exchange[] {
    return this.commands.splice(0);
  }

  takeReplies(): ReceivedReply[] {
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }
}
