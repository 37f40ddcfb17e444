// SPDX-License-Identifier: Apache-2.0
import { type ExchangeFlow, isHttpMessage, isSqlRequest } from '@flowtap/core';

/** Requests that wait for their responses. Beyond, the oldest is forgotten, and sent again with its response. */
const MAX_ANNOUNCED = 16_384;

/** Which flows' requests the GUI has been sent already. */
export class AnnouncedRequests {
  readonly #ids = new Set<string>();

  has({ id }: ExchangeFlow): boolean {
    return this.#ids.has(id);
  }

  add({ id }: ExchangeFlow): void {
    this.#ids.add(id);
    if (this.#ids.size <= MAX_ANNOUNCED) return;
    const [oldest] = this.#ids;
    if (oldest !== undefined) this.#ids.delete(oldest);
  }

  delete({ id }: ExchangeFlow): void {
    this.#ids.delete(id);
  }

  clear(): void {
    this.#ids.clear();
  }
}

/** Whether a flow that has just opened has all of its request: what streams is sent when it ends. */
export function isRequestComplete({ request }: ExchangeFlow): boolean {
  if (isSqlRequest(request)) return true;
  return isHttpMessage(request) && !(request.body.truncated && request.body.captured === 0);
}
