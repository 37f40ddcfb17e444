// SPDX-License-Identifier: Apache-2.0
// node dist/place-order.js <shop> <item>: orders an item, if it is there. The program that is tested; it knows nothing of Flowtap.

const ATTEMPTS = 3;
const [shop, item = ''] = process.argv.slice(2);

const stock = await fetch(`${shop}/items/${encodeURIComponent(item)}`);
if (stock.status === 404) {
  process.stdout.write(`There is no ${item}.\n`);
  process.exit(1);
}

for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
  const response = await fetch(`${shop}/orders`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': `order-${process.pid}` },
    body: JSON.stringify({ item, count: 1 }),
  });
  if (response.status === 503) continue;
  const { id } = (await response.json()) as { readonly id: number };
  process.stdout.write(`Order ${id} is placed.\n`);
  process.exit(0);
}
process.stdout.write('The shop is closed.\n');
process.exit(1);
