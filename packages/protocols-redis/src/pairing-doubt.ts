// SPDX-License-Identifier: Apache-2.0
import type { Exchange } from './exchange.js';
import type { ReceivedReply } from './received.js';

/** So long after its last reply, a client that had not got all of them would still be waiting. */
const QUIET_NS = 1e9;
/** So often a client must have waited for its replies before it is believed to do so always. */
const WAITED_OFTEN = 3;

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
 * outstanding (several users of one connection) proves nothing by that; it shows as soon as fewer replies than commands
 * came before S. Hence one S proves it
 *
 * - of a server, which answers what it has read before it reads on (all but a blocked client, who waits),
 * - after a pause,
 * - at a client when it has waited like that several times, and never otherwise.
 */
export class Doubt {
  /** Commands that are known since doubt began, or since what was known before was given up. */
  readonly commands: Exchange[] = [];
  #replies: ReceivedReply[] = [];
  #heldBytes = 0;
  /** Replies may have been lost among those to `commands`. */
  lostReplies = false;
  readonly #isServer: () => boolean;
  /** Times that the client has waited, and what had come by the last of them. */
  #turns = 0;
  #commandsBefore = 0;
  #repliesBefore = 0;

  /** `isServer`: the observed process is the server. */
  constructor(isServer: () => boolean) {
    this.#isServer = isServer;
  }

  get size(): number {
    return this.commands.length + this.#replies.length;
  }

  /** Bytes that the replies hold. */
  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Replies have come since the client has waited last: another command may prove something. */
  get isTurn(): boolean {
    return this.#replies.length > this.#repliesBefore;
  }

  /** The client sends on although it has not got all its replies. */
  get isOverlapping(): boolean {
    const commands = this.commands.length - this.#commandsBefore;
    return !this.lostReplies && this.#replies.length - this.#repliesBefore < commands;
  }

  /**
   * A command begins, or the connection ends. `over`: nothing is outstanding. `broken`: the client does not wait, so
   * nothing can be said. `overlaps`: it was seen not to wait before.
   */
  turn(timestampNs: number, overlaps: boolean): 'over' | 'open' | 'broken' {
    if (this.isOverlapping) return 'broken';
    const lastNs = this.#replies.at(-1)?.endNs ?? timestampNs;
    if (timestampNs - lastNs >= QUIET_NS) return 'over';
    if (overlaps) return 'broken';
    this.#turns += 1;
    this.#commandsBefore = this.commands.length;
    this.#repliesBefore = this.#replies.length;
    return this.#isServer() || this.#turns >= WAITED_OFTEN ? 'over' : 'open';
  }

  addReply(reply: ReceivedReply): void {
    this.#replies.push(reply);
    this.#heldBytes += reply.reply.heldBytes;
  }

  /** `waiting`: commands whose replies were the next ones. */
  loseReplies(waiting: readonly Exchange[]): void {
    this.commands.unshift(...waiting);
    this.lostReplies = true;
  }

  /** What had come when the client has waited last. */
  takeTurns(): { readonly commands: readonly Exchange[]; readonly replies: readonly ReceivedReply[] } {
    const commands = this.commands.splice(0, this.#commandsBefore);
    const replies = this.#replies.splice(0, this.#repliesBefore);
    this.#forgetTurns();
    return { commands, replies };
  }

  takeCommands(): Exchange[] {
    this.#forgetTurns();
    return this.commands.splice(0);
  }

  takeReplies(): ReceivedReply[] {
    this.#forgetTurns();
    this.#heldBytes = 0;
    const replies = this.#replies;
    this.#replies = [];
    return replies;
  }

  #forgetTurns(): void {
    this.#turns = 0;
    this.#commandsBefore = 0;
    this.#repliesBefore = 0;
  }
}
