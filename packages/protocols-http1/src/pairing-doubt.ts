// SPDX-License-Identifier: Apache-2.0
import type { Exchange } from './exchange.js';

/**
 * What is not known about the order of requests and responses after a loss.
 *
 * Requests and responses pair by order alone (RFC 9112 §9.3.2), so a lost head puts every later pair in doubt. The
 * requests that are known to wait form two groups, with an unknown number of unseen ones between:
 *
 *     waiting:  a b   ? ? ?   c d        a, b: certain    ?: `unseenMin` to `unseenMax`    c, d: doubtful
 *
 * A response belongs to the oldest waiting request, unless responses were lost too. What that leaves open is decided
 * by how the client behaves, and only where the bytes prove it; see `Turn`.
 */
export interface PairingDoubt {
  /** Known requests before the unseen ones. */
  certain: number;
  unseenMin: number;
  unseenMax: number;
  /** Responses to waiting requests may have been lost. */
  responsesLost: boolean;
  /** Requests that began after the last loss of responses was noticed. */
  requestsSinceLoss: number;
  /** Responses were lost at some time since doubt began. */
  everLostResponses: boolean;
  /** Nothing was lost, but the stream was joined when requests may have been waiting. */
  joinedLate: boolean;
  turn: Turn | undefined;
  /** Bytes of the request direction that nobody read since doubt began, and requests that were given up … */
  hiddenBytes: number;
  givenUp: number;
  /** … and responses that came without a request. */
  orphans: number;
}

/**
 * How doubt ends on a connection whose client does not pipeline. Let request R begin while no response is under way
 * and be the only one that is known to wait, and let X be the next response. X may still belong to an unseen request
 * before R. But if then a request S begins after the end of X, no response comes before S begins, and the response
 * direction goes on without a hole from X to the first response after S, then nothing was outstanding at S: had
 * anything been, its response would have come between. So X was the last answer and R the last question.
 *
 * This holds for clients that wait for all responses before they send again, one request or several at a time. One
 * that keeps its pipeline filled does not wait. Mostly that shows: a connection on which a response began while a later
 * request was waiting already is never trusted in this way. And where the bytes do not add up (`isPlausible`), a turn is
 * believed only of a client that has waited for its response many times before.
 */
export interface Turn {
  /** R and X; not handed out before the turn is proven or refuted. */
  readonly exchange: Exchange;
  /**
   * `next-request`: R is the only request that X can belong to, unless one behind R is missing, which shows when the
   * next one arrives. `next-response`: the long way, as above.
   */
  readonly provenBy: 'next-request' | 'next-response';
  /** S. */
  next: Exchange | undefined;
}

/** So often a client must have waited for its response before a turn is believed of which the bytes do not tell the same. */
const WAITED_OFTEN = 4;
/** Even a turn of which the bytes tell the same is not believed of a client that nobody has seen waiting before. */
const WAITED_BEFORE = 2;

export function newDoubt(certain: number): PairingDoubt {
  return {
    certain,
    unseenMin: 0,
    unseenMax: 0,
    responsesLost: false,
    requestsSinceLoss: 0,
    everLostResponses: false,
    joinedLate: false,
    turn: undefined,
    hiddenBytes: 0,
    givenUp: 0,
    orphans: 0,
  };
}

/** Doubt of a stream that was joined in the middle. */
export function joinedLateDoubt(): PairingDoubt {
  return { ...newDoubt(0), unseenMax: Number.POSITIVE_INFINITY, joinedLate: true };
}

/**
 * Whether a turn that looks right may be believed. `waits`: how often the client was seen to wait for its response;
 * `shortestRequest`: the shortest head seen on the connection.
 */
export function isBelievable(doubt: PairingDoubt, waits: number, shortestRequest: number): boolean {
  return waits >= WAITED_OFTEN || (waits >= WAITED_BEFORE && isPlausible(doubt, shortestRequest));
}

/** If the lost requests were no shorter than the others, all of them have been answered. */
function isPlausible(doubt: PairingDoubt, shortestRequest: number): boolean {
  const { hiddenBytes, givenUp, orphans, everLostResponses } = doubt;
  return !everLostResponses && Math.floor(hiddenBytes / shortestRequest) + givenUp <= orphans;
}
