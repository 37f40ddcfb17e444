// SPDX-License-Identifier: Apache-2.0

/** A request that a test wants to be made. */
export interface Wanted {
  readonly method: 'GET' | 'POST';
  /** Path and query. */
  readonly target: string;
  readonly body: string;
  /** On a connection of its own. */
  readonly fresh: boolean;
}

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** What one end knows of a request that was made. */
export interface Exchange extends Wanted, Reply {
  /** Port of the client's end of the connection. */
  readonly clientPort: number;
}

/** Larger than a TLS record and than most read buffers. */
const BODY = 'A line of text that is sent to the server.\n'.repeat(500);

/** The request that opens the connection before there is a capture. */
export function openingRequest(key: string): Wanted {
  return { method: 'GET', target: `/opening?hold=1&key=${key}&id=0`, body: '', fresh: false };
}

/** Three requests over one connection, then one over another. */
export function wantedRequests(key: string): readonly Wanted[] {
  return [
    { method: 'GET', target: `/first?key=${key}&id=1`, body: '', fresh: false },
    { method: 'POST', target: `/upload?key=${key}&size=40000&id=2`, body: BODY, fresh: false },
    { method: 'GET', target: `/missing?key=${key}&status=404&id=3`, body: '', fresh: false },
    { method: 'GET', target: `/fresh?key=${key}&id=4`, body: '', fresh: true },
  ];
}

/** Made until it shows: by then what encrypts has been found. */
export const warmUpRequest: Wanted = { method: 'GET', target: '/opening?warm-up=1', body: '', fresh: true };

export function isMeasured({ target }: Pick<Wanted, 'target'>): boolean {
  return !target.includes('/opening?');
}
