// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { createFlowIds } from './flow-id.js';

it('makes UUIDs of version 8 that differ from each other and from those of another maker', () => {
  const makers = [createFlowIds(), createFlowIds()];
  const ids = makers.flatMap((make) => Array.from({ length: 1000 }, make));
  expect(new Set(ids).size).toBe(2000);
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});
