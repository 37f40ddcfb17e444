// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Head, parseHead } from './head.js';
import { RepeatedHead } from './repeated-head.js';

const MAX_BYTES = 8192;

function parsed(text: string): Head {
  const head = parseHead(text, 0);
  if (typeof head === 'string') throw new Error(head);
  return head;
}

/** Remembers the head of `first`. */
function remember(first: string): { repeated: RepeatedHead; head: Head } {
  const repeated = new RepeatedHead();
  const head = parsed(first);
  repeated.keep(head, Buffer.from(`..${first}`, 'latin1'), 2, head.end);
  return { repeated, head };
}

const match = (repeated: RepeatedHead, text: string, maxBytes = MAX_BYTES) =>
  repeated.match(Buffer.from(`.${text}`, 'latin1'), 1, maxBytes);

const FIELDS = 'Host: a.test\r\nContent-Length: 3\r\nUpgrade: x\r\n\r\n';

describe('the head that follows another one', () => {
  it('is that one when every byte is the same, whatever comes behind', () => {
    const { repeated, head } = remember(`POST /a HTTP/1.1\r\n${FIELDS}`);
    expect(match(repeated, `POST /a HTTP/1.1\r\n${FIELDS}abc`)).toBe(head);
  });

  it('shares the headers when only the start line is another one', () => {
    const { repeated, head } = remember(`POST /a HTTP/1.1\r\n${FIELDS}`);
    const text = `POST /longer?b=c HTTP/1.0\n${FIELDS}abc`;
    const found = match(repeated, text);
    expect(found).toEqual(parsed(text));
    expect(found?.headers).toBe(head.headers);
  });

  it('keeps the fault of the fields', () => {
    const { repeated } = remember('GET /a HTTP/1.1\r\nbroken\r\n\r\n');
    expect(match(repeated, 'GET /b HTTP/1.1\r\nbroken\r\n\r\n')?.fault).toBe('malformed-header');
  });

  it.each([
    ['ends early', `POST /a HTTP/1.1\r\n${FIELDS.slice(0, -1)}`],
    ['ends in its start line', 'POST /b HTTP'],
    ['has another field', `POST /a HTTP/1.1\r\n${FIELDS.replace('3', '4')}`],
    ['has one field more', `POST /a HTTP/1.1\r\nA: b\r\n${FIELDS}`],
    ['has one field less', 'POST /a HTTP/1.1\r\nContent-Length: 3\r\nUpgrade: x\r\n\r\n'],
    ['is none', `garbage\r\n${FIELDS}`],
  ])('is not guessed when it %s', (_, text) => {
    expect(match(remember(`POST /a HTTP/1.1\r\n${FIELDS}`).repeated, text)).toBeUndefined();
  });

  it('is not taken when it is longer than heads may be', () => {
    const { repeated } = remember(`GET /a HTTP/1.1\r\n${FIELDS}`);
    const text = `GET /${'a'.repeat(100)} HTTP/1.1\r\n${FIELDS}`;
    expect(match(repeated, text, text.length - 1)).toBeUndefined();
    expect(match(repeated, text, text.length)).toBeDefined();
  });

  it('is not compared with one that is too long to be kept', () => {
    const long = `GET /a HTTP/1.1\r\nA: ${'a'.repeat(5000)}\r\n\r\n`;
    expect(match(remember(long).repeated, long)).toBeUndefined();
  });

  it('is always what parsing gives', () => {
    const line = fc.constantFrom(
      'GET / HTTP/1.1',
      'GET /b HTTP/1.1',
      'HTTP/1.1 200 OK',
      'HTTP/1.1 304',
      'GET  HTTP/1.1',
      'x',
    );
    const field = fc.constantFrom('Host: a', 'Host: b', 'A: 1', ' folded', 'no colon', 'Content-Length: 1', 'B:2');
    const eol = fc.constantFrom('\r\n', '\n');
    const text = fc
      .tuple(line, fc.array(field, { maxLength: 4 }), eol, fc.constantFrom('', 'body', 'HTTP/1.1 200 OK\r\n'))
      .map(([start, fields, end, rest]) => `${[start, ...fields, ''].join(end)}${end}${rest}`);
    fc.assert(
      fc.property(fc.array(text, { minLength: 2, maxLength: 6 }), (texts) => {
        const repeated = new RepeatedHead();
        for (const one of texts) {
          const bytes = Buffer.from(one, 'latin1');
          const expected = parseHead(one, 0);
          const found = repeated.match(bytes, 0, MAX_BYTES);
          if (found !== undefined) expect(found).toEqual(expected);
          if (typeof expected !== 'string') repeated.keep(expected, bytes, 0, expected.end);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
