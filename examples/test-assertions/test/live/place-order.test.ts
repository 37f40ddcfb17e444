// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { expectFlow, type FlowMatchers, flowMatchers } from '@flowtap/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flowsOf } from './capture.js';
import { Shop } from './shop.js';

declare module 'vitest' {
  interface Matchers<T> extends FlowMatchers<T> {}
}

expect.extend(flowMatchers);

const program = fileURLToPath(new URL('../../dist/place-order.js', import.meta.url));
const canCapture = process.platform === 'linux' && process.getuid?.() === 0;

describe.skipIf(!canCapture)(`place-order${canCapture ? '' : ' (skipped: capturing needs root on Linux)'}`, () => {
  let shop: Shop;
  let url: string;

  beforeEach(async () => {
    shop = new Shop();
    url = await shop.open();
  });

  afterEach(() => shop.close());

  it('asks for the stock, then orders', async () => {
    const flows = await flowsOf(process.execPath, program, url, 'tea');
    expect(flows).toHaveFlow({ method: 'GET', url: `${url}/items/tea`, status: 200 });
    expect(flows).toHaveFlow({
      method: 'POST',
      path: '/orders',
      status: 201,
      requestHeaders: { 'content-type': 'application/json' },
      requestBody: { item: 'tea', count: 1 },
      responseBody: { id: 7 },
    });
    expect(flows).toHaveLength(2);
  });

  it('orders nothing that is not there', async () => {
    const flows = await flowsOf(process.execPath, program, url, 'gold bars');
    expect(flows).toHaveFlow({ path: '/items/gold%20bars', status: 404 });
    expect(flows).toHaveNoFlow({ method: 'POST' });
  });

  it('tries an order again that was refused, with the same key', async () => {
    shop.refusals = 2;
    const flows = await flowsOf(process.execPath, program, url, 'tea');
    expect(flows).toHaveFlowTimes({ path: '/orders', status: 503 }, 2);
    const { startTimeMs } = expectFlow(flows, {
      path: '/orders',
      status: 201,
      requestHeaders: { 'idempotency-key': /^order-/ },
    });
    expect(startTimeMs).toBeGreaterThan(expectFlow(flows, { status: 503 }).startTimeMs);
  });

  it('gives up after three attempts', async () => {
    shop.refusals = 10;
    expect(await flowsOf(process.execPath, program, url, 'tea')).toHaveFlowTimes({ method: 'POST' }, 3);
  });
});
