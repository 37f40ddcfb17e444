// SPDX-License-Identifier: Apache-2.0
import * as pg from './messages.js';
import { ONE, received, sent } from './messages.js';

const CONNECT = 'connect →';

export interface Vector {
  readonly name: string;
  readonly steps: readonly { readonly direction: 'ingress' | 'egress'; readonly bytes: Buffer }[];
  readonly expected: readonly string[];
  readonly joinedLate?: boolean;
}

const NAME = { name: 'name', oid: 25 };

/** Sessions as the documentation describes them, with the flows that they are. */
export const VECTORS: readonly Vector[] = [
  {
    name: 'a login with a password, and its end',
    steps: [
      sent(pg.startup({ user: 'ann', database: 'shop' })),
      received(pg.authentication(5, Buffer.from('salt'))),
      sent(pg.password('md5 of a secret')),
      received(pg.authentication(0), pg.parameterStatus('TimeZone', 'UTC'), pg.backendKey, pg.ready()),
      sent(pg.terminate),
    ],
    expected: [CONNECT],
  },
  {
    name: 'a refused login',
    steps: [
      sent(pg.startup({ user: 'ann' }, 196_610)),
      received(pg.errorResponse('28P01', 'password authentication failed', { D: 'no', H: 'try again' })),
    ],
    expected: ['connect → error 28P01 password authentication failed'],
  },
  {
    name: 'encryption refused, then plain',
    steps: [
      sent(pg.gssRequest),
      received(Buffer.from('N')),
      sent(pg.sslRequest),
      received(Buffer.from('N')),
      ...pg.login,
      sent(pg.query('SELECT 1')),
      received(pg.rowDescription(ONE), pg.dataRow('1'), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: [CONNECT, 'query SELECT 1 → n:int4 [1] SELECT 1'],
  },
  {
    name: 'encryption accepted: what follows is none of ours',
    steps: [sent(pg.sslRequest), received(Buffer.from('S')), sent(Buffer.from([0x16, 3, 1, 0, 5, 1, 2, 3, 4, 5]))],
    expected: [],
  },
  {
    name: 'a request to cancel',
    steps: [sent(pg.cancelRequest(4711, Buffer.from('a key that is longer than it was')))],
    expected: ['cancel (4711) →'],
  },
  {
    name: 'simple queries: several statements, an error in the middle, none at all',
    steps: [
      ...pg.login,
      sent(pg.query('INSERT INTO t VALUES (1); SELECT n, name FROM t')),
      received(
        pg.complete('INSERT 0 1'),
        pg.rowDescription(ONE, NAME),
        pg.dataRow('1', null),
        pg.dataRow('2', 'größer'),
        pg.complete('SELECT 2'),
        pg.ready('T'),
      ),
      sent(pg.query('BEGIN; SELEC')),
      received(
        pg.complete('BEGIN'),
        pg.notice('01000', 'mind the gap'),
        pg.errorResponse('42601', 'syntax error'),
        pg.ready('E'),
      ),
      sent(pg.query('')),
      received(pg.emptyQuery, pg.ready()),
    ],
    expected: [
      CONNECT,
      'query INSERT INTO t VALUES (1); SELECT n, name FROM t → INSERT 0 1 changed 1 + n:int4,name:text [1, NULL][2, größer] SELECT 2',
      'query BEGIN; SELEC → notice mind the gap BEGIN error 42601 syntax error',
      'query →',
    ],
  },
  {
    name: 'the extended protocol in one go, without a name',
    steps: [
      ...pg.login,
      sent(
        pg.parse('', 'SELECT $1::int4 AS n', 23),
        pg.bind({ formats: [1], values: [pg.int32(7)], resultFormats: [1] }),
        pg.describePortal(),
        pg.execute(),
        pg.sync,
      ),
      received(
        pg.parseComplete,
        pg.bindComplete,
        pg.rowDescription({ ...ONE, format: 1 }),
        pg.dataRow(pg.int32(7)),
        pg.complete('SELECT 1'),
        pg.ready(),
      ),
    ],
    expected: [CONNECT, 'execute SELECT $1::int4 AS n (7) → n:int4 [7] SELECT 1'],
  },
  {
    name: 'a statement prepared once and executed twice, with types that only the server knows',
    steps: [
      ...pg.login,
      sent(pg.parse('s1', 'SELECT n FROM t WHERE n > $1'), pg.describeStatement('s1'), pg.sync),
      received(pg.parseComplete, pg.parameterDescription(20), pg.rowDescription(ONE), pg.ready()),
      sent(
        pg.bind({ statement: 's1', formats: [1], values: [pg.int64(-5n)], resultFormats: [1] }),
        pg.execute(),
        pg.sync,
      ),
      received(pg.bindComplete, pg.dataRow(pg.int32(3)), pg.complete('SELECT 1'), pg.ready()),
      sent(pg.bind({ statement: 's1', values: ['9'] }), pg.execute(), pg.sync),
      received(pg.bindComplete, pg.dataRow('10'), pg.complete('SELECT 1'), pg.ready()),
      sent(pg.closeStatement('s1'), pg.sync),
      received(pg.closeComplete, pg.ready()),
    ],
    expected: [
      CONNECT,
      'prepare <s1> SELECT n FROM t WHERE n > $1 →',
      'execute <s1> SELECT n FROM t WHERE n > $1 (-5) → n:int4 [3] SELECT 1',
      'execute <s1> SELECT n FROM t WHERE n > $1 (9) → n:int4 [10] SELECT 1',
    ],
  },
  {
    name: 'prepared, flushed, and executed in the same cycle',
    steps: [
      ...pg.login,
      sent(pg.parse('', 'SELECT 1 AS n'), pg.describeStatement(), pg.flush),
      received(pg.parseComplete, pg.parameterDescription(), pg.rowDescription(ONE)),
      sent(pg.bind({ resultFormats: [1] }), pg.execute(), pg.sync),
      received(pg.bindComplete, pg.dataRow(pg.int32(1)), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: [CONNECT, 'execute SELECT 1 AS n → n:int4 [1] SELECT 1'],
  },
  {
    name: 'a pipeline that fails in its middle',
    steps: [
      ...pg.login,
      sent(
        pg.parse('', 'INSERT INTO t VALUES ($1)'),
        pg.bind({ values: ['1'] }),
        pg.execute(),
        pg.bind({ values: ['x'] }),
        pg.execute(),
        pg.bind({ values: ['3'] }),
        pg.execute(),
        pg.sync,
        pg.parse('', 'SELECT 4 AS n'),
        pg.bind(),
        pg.describePortal(),
        pg.execute(),
        pg.sync,
      ),
      received(
        pg.parseComplete,
        pg.bindComplete,
        pg.complete('INSERT 0 1'),
        pg.errorResponse('22P02', 'invalid input syntax'),
        pg.ready(),
        pg.parseComplete,
        pg.bindComplete,
        pg.rowDescription(ONE),
        pg.dataRow('4'),
        pg.complete('SELECT 1'),
        pg.ready(),
      ),
    ],
    expected: [
      CONNECT,
      'execute INSERT INTO t VALUES ($1) (1) → INSERT 0 1 changed 1',
      'execute INSERT INTO t VALUES ($1) (x) → error 22P02 invalid input syntax',
      'execute INSERT INTO t VALUES ($1) (3) → (none) (not-executed)',
      'execute SELECT 4 AS n → n:int4 [4] SELECT 1',
    ],
  },
  {
    name: 'what fails when it is parsed, and at the end of its cycle',
    steps: [
      ...pg.login,
      sent(pg.parse('bad', 'SELEC'), pg.bind({ statement: 'bad' }), pg.execute(), pg.sync),
      received(pg.errorResponse('42601', 'syntax error'), pg.ready()),
      sent(pg.parse('', 'INSERT INTO child VALUES (1)'), pg.bind(), pg.execute(), pg.sync),
      received(
        pg.parseComplete,
        pg.bindComplete,
        pg.complete('INSERT 0 1'),
        pg.errorResponse('23503', 'violates foreign key constraint'),
        pg.ready(),
      ),
    ],
    expected: [
      CONNECT,
      'execute <bad> SELEC → error 42601 syntax error',
      'execute INSERT INTO child VALUES (1) → INSERT 0 1 changed 1 error 23503 violates foreign key constraint',
    ],
  },
  {
    name: 'a portal that is read in pieces',
    steps: [
      ...pg.login,
      sent(
        pg.parse('', 'SELECT n FROM t'),
        pg.bind({ portal: 'p' }),
        pg.describePortal('p'),
        pg.execute('p', 1),
        pg.flush,
      ),
      received(pg.parseComplete, pg.bindComplete, pg.rowDescription(ONE), pg.dataRow('1'), pg.suspended),
      sent(pg.execute('p', 1), pg.sync),
      received(pg.dataRow('2'), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: [
      CONNECT,
      'execute SELECT n FROM t → n:int4 [1] (unfinished) suspended',
      'execute SELECT n FROM t → n:int4 [2] SELECT 1',
    ],
  },
  {
    name: 'COPY in and out, and one that the client breaks off',
    steps: [
      ...pg.login,
      sent(pg.query('COPY t FROM STDIN')),
      received(pg.copyIn(2)),
      sent(pg.copyData('1\tone\n'), pg.copyData('2\ttwo\n3\tthree\n'), pg.copyDone),
      received(pg.complete('COPY 3'), pg.ready()),
      sent(pg.query('COPY t TO STDOUT')),
      received(
        pg.copyOut(2),
        pg.copyData('1\tone\n'),
        pg.copyData('2\ttwo\n'),
        pg.copyDone,
        pg.complete('COPY 2'),
        pg.ready(),
      ),
      sent(pg.query('COPY t FROM STDIN')),
      received(pg.copyIn(2)),
      sent(pg.copyData('1\tx'), pg.copyFail('changed my mind')),
      received(pg.errorResponse('57014', 'COPY from stdin failed: changed my mind'), pg.ready()),
      sent(pg.query('SELECT 1')),
      received(pg.rowDescription(ONE), pg.dataRow('1'), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: [
      CONNECT,
      'copy-in COPY t FROM STDIN → COPY 3 changed 3 copied 20',
      'copy-out COPY t TO STDOUT → COPY 2 changed 2 copied 12',
      'copy-in COPY t FROM STDIN → (unfinished) copied 3 error 57014 COPY from stdin failed: changed my mind',
      'query SELECT 1 → n:int4 [1] SELECT 1',
    ],
  },
  {
    name: 'COPY in the extended protocol: the first Sync is not answered',
    steps: [
      ...pg.login,
      sent(pg.parse('', 'COPY t FROM STDIN'), pg.bind(), pg.describePortal(), pg.execute(), pg.sync),
      received(pg.parseComplete, pg.bindComplete, pg.noData, pg.copyIn(1)),
      sent(pg.copyData('1\n'), pg.copyDone, pg.sync),
      received(pg.complete('COPY 1'), pg.ready()),
      sent(pg.query('SELECT 1')),
      received(pg.rowDescription(ONE), pg.dataRow('1'), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: [
      CONNECT,
      'copy-in COPY t FROM STDIN → COPY 1 changed 1 copied 2',
      'query SELECT 1 → n:int4 [1] SELECT 1',
    ],
  },
  {
    name: 'messages that nobody asked for',
    steps: [
      ...pg.login,
      received(pg.notification('news', 'one'), pg.parameterStatus('TimeZone', 'CET'), pg.notice('00000', 'idle')),
      sent(pg.query('SELECT 1')),
      received(
        pg.rowDescription(ONE),
        pg.notification('news', 'two'),
        pg.dataRow('1'),
        pg.complete('SELECT 1'),
        pg.ready(),
      ),
    ],
    expected: [CONNECT, 'query SELECT 1 → n:int4 [1] SELECT 1'],
  },
  {
    name: 'joined late: statements that were prepared before',
    joinedLate: true,
    steps: [
      sent(pg.bind({ statement: 's1', values: ['7'] }), pg.execute(), pg.sync),
      received(pg.bindComplete, pg.dataRow('x'), pg.complete('SELECT 1'), pg.ready()),
      sent(pg.query('SELECT 1')),
      received(pg.rowDescription(ONE), pg.dataRow('1'), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: ['execute <s1> (7) → [x] SELECT 1', 'query SELECT 1 → n:int4 [1] SELECT 1'],
  },
  {
    name: 'joined late, in an answer',
    joinedLate: true,
    steps: [
      received(pg.dataRow('8'), pg.dataRow('9'), pg.complete('SELECT 2'), pg.ready()),
      sent(pg.query('SELECT 1')),
      received(pg.rowDescription(ONE), pg.dataRow('1'), pg.complete('SELECT 1'), pg.ready()),
    ],
    expected: [
      '(no request) → [0x38][0x39] SELECT 2 incomplete (request-not-captured)',
      'query SELECT 1 → n:int4 [1] SELECT 1',
    ],
  },
];
