// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { sqlFlow } from '../../test/sql-flows.js';
import type { SqlRequest } from '../flow/sql-messages.js';
import { createRedactor } from './redact.js';
import { redactSqlRequest } from './redact-sql.js';

const tag = (value: string) => `<${value.length}>`;

function redacted(sql: string): string | undefined {
  const request: SqlRequest = { kind: 'sql', operation: 'query', sql };
  return redactSqlRequest(request, tag).sql;
}

describe('passwords in statements', () => {
  it.each([
    ["ALTER ROLE ann PASSWORD 'secret'", "ALTER ROLE ann PASSWORD '<6>'"],
    [
      "create user ann with login password  'it''s' valid until 'x'",
      "create user ann with login password  '<5>' valid until 'x'",
    ],
    ["CREATE ROLE a ENCRYPTED PASSWORD E'a\\'b'; SELECT 'c'", "CREATE ROLE a ENCRYPTED PASSWORD '<4>'; SELECT 'c'"],
    ['ALTER ROLE a PASSWORD $x$se$cret$x$;', "ALTER ROLE a PASSWORD '<7>';"],
    [
      "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password 'c')",
      "CREATE USER MAPPING FOR a SERVER s OPTIONS (user 'b', password '<1>')",
    ],
    ["SET PASSWORD FOR 'a'@'b' = 'c'", "SET PASSWORD FOR 'a'@'b' = '<1>'"],
    ["SET PASSWORD = 'c'", "SET PASSWORD = '<1>'"],
    ["SET PASSWORD = PASSWORD('c')", "SET PASSWORD = PASSWORD('<1>')"],
    ['CREATE USER a IDENTIFIED BY "c"', "CREATE USER a IDENTIFIED BY '<1>'"],
    [
      "ALTER USER a IDENTIFIED WITH caching_sha2_password BY 'new' REPLACE 'old'",
      "ALTER USER a IDENTIFIED WITH caching_sha2_password BY '<3>' REPLACE '<3>'",
    ],
    [
      "CHANGE MASTER TO MASTER_USER='a', MASTER_PASSWORD='bc'",
      "CHANGE MASTER TO MASTER_USER='a', MASTER_PASSWORD='<2>'",
    ],
    ["SELECT * FROM t WHERE password = 'c' AND x = 'd'", "SELECT * FROM t WHERE password = '<1>' AND x = 'd'"],
    ["ALTER ROLE ann PASSWORD 'cut off in the mid", "ALTER ROLE ann PASSWORD '<18>'"],
    ['ALTER ROLE ann PASSWORD NULL', 'ALTER ROLE ann PASSWORD NULL'],
    ['SELECT password FROM t', 'SELECT password FROM t'],
  ])('%s', (sql, expected) => expect(redacted(sql)).toBe(expected));

  it('take time in proportion to their length', () => {
    for (const part of ['password ', "password '", ' ', "''", '$a', 'identified with x ']) {
      const before = performance.now();
      redacted(`password${part.repeat(100_000)}`);
      expect(performance.now() - before).toBeLessThan(2000);
    }
  });
});

it('is part of the redaction of flows, which leaves other statements alone', () => {
  const redact = createRedactor({}, Buffer.from('a key'));
  const flow = redact(sqlFlow({ sql: "ALTER ROLE ann PASSWORD 'secret'", user: 'ann' }));
  expect(flow.kind === 'flow' && flow.request).toMatchObject({
    sql: expect.stringMatching(/^ALTER ROLE ann PASSWORD '\[redacted:[0-9a-f]{8}\]'$/),
    user: 'ann',
  });
  const other = sqlFlow({ sql: 'SELECT 1' });
  expect(redact(other)).toBe(other);
});
