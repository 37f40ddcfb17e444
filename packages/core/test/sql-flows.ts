// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import type { ExchangeFlow, SqlRequest, SqlResponse, SqlValue } from '../src/index.js';
import { exchangeFlow } from './sample-flows.js';

/** A flow of a database; which one is the business of its package. */
export function sqlFlow(request: Partial<SqlRequest>, response?: Partial<SqlResponse>): ExchangeFlow {
  const { response: _, ...flow } = exchangeFlow();
  return {
    ...flow,
    protocol: 'postgresql',
    scheme: 'postgresql',
    request: { kind: 'sql', operation: 'query', ...request },
    ...(response === undefined ? {} : { response: { kind: 'sql', results: [], ...response } }),
  } as unknown as ExchangeFlow;
}

const text = fc.string({ unit: 'grapheme', maxLength: 20 });
const count = fc.nat();
const yes = fc.constant(true as const);
const value: fc.Arbitrary<SqlValue> = fc.oneof(text, fc.uint8Array({ maxLength: 20 }), fc.constant(null));
const error = fc.record({ code: text, message: text, detail: text, hint: text }, { requiredKeys: ['code', 'message'] });
const result = fc.record(
  {
    columns: fc.array(fc.record({ name: text, type: text }, { requiredKeys: ['name'] }), { maxLength: 4 }),
    rows: fc.array(fc.array(value, { maxLength: 4 }), { maxLength: 4 }),
    ...{ rowCount: count, rowsTruncated: yes, affectedRows: count, summary: text, suspended: yes, copiedBytes: count },
  },
  { requiredKeys: ['rowCount'] },
);
const request = fc.record(
  {
    ...{ operation: text, sql: text, sqlTruncated: yes, statement: text, database: text, user: text },
    ...{ parameters: fc.array(value, { maxLength: 4 }), parametersTruncated: yes },
  },
  { requiredKeys: ['operation'] },
);
const response = fc.record(
  {
    results: fc.array(result, { maxLength: 3 }),
    ...{ resultsTruncated: yes, notices: fc.array(error, { maxLength: 2 }), error },
  },
  { requiredKeys: ['results'] },
);

/** Any flow of a database, with optional parts missing at will. */
export const sqlFlowArbitrary = fc
  .tuple(request, response)
  .map(([asked, answered]) => sqlFlow(asked as Partial<SqlRequest>, answered as Partial<SqlResponse>));
