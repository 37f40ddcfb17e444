// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { http1 } from '../src/index.js';
import { type Outline, outlines } from './outline.js';

const request = (id: number | string): ParserStep => out(`GET /${id} HTTP/1.1\r\nHost: x\r\n\r\n`);
const response = (id: number | string): ParserStep =>
  into(`HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Id: ${id}\r\n\r\nok`);
const out = (text: string): ParserStep => ({ direction: 'egress', bytes: Buffer.from(text, 'latin1') });
const into = (text: string): ParserStep => ({ direction: 'ingress', bytes: Buffer.from(text, 'latin1') });
const lostOut = (gapBytes: number): ParserStep => ({ direction: 'egress', gapBytes });
const lostIn = (gapBytes: number): ParserStep => ({ direction: 'ingress', gapBytes });

const REQUEST_BYTES = 'GET /1 HTTP/1.1\r\nHost: x\r\n\r\n'.length;
const RESPONSE_BYTES = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Id: 1\r\n\r\nok'.length;

const pair = (id: number | string): Outline => ({
  request: `GET /${id} HTTP/1.1`,
  response: '200 OK HTTP/1.1',
  responseBody: 'ok',
  complete: true,
});

function read(steps: readonly ParserStep[]): readonly Outline[] {
  return outlines(runParser(http1(), steps));
}

/** Exchanges of a client that waits for each response. */
function turns(from: number, to: number): ParserStep[] {
  return Array.from({ length: to - from + 1 }, (_, i) => [request(from + i), response(from + i)]).flat();
}

describe('a gap with known framing is sized', () => {
  test('in a body of known length, the exchange stays complete', () => {
    const steps = [
      request(1),
      into('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n01234'),
      lostIn(10),
      into('56789'),
      ...turns(2, 2),
    ];
    expect(read(steps)).toEqual([{ ...pair(1), responseBody: '01234… of 20', gaps: ['ingress 44+10'] }, pair(2)]);
  });

  test('up to the end of the body', () => {
    const steps = [request(1), into('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n'), lostIn(20), ...turns(2, 2)];
    expect(read(steps)).toEqual([{ ...pair(1), responseBody: '… of 20', gaps: ['ingress 39+20'] }, pair(2)]);
  });

  test('within the data of one chunk', () => {
    const steps = [
      request(1),
      into('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n01'),
      lostIn(6),
      into('89\r\n0\r\n\r\n'),
      ...turns(2, 2),
    ];
    expect(read(steps)).toEqual([{ ...pair(1), responseBody: '01… of 10', gaps: ['ingress 52+6'] }, pair(2)]);
  });

  test('in a body up to the close', () => {
    const steps = [request(1), into('HTTP/1.1 200 OK\r\n\r\n01'), lostIn(6), into('89')];
    expect(read(steps)).toEqual([{ ...pair(1), responseBody: '01… of 10', gaps: ['ingress 21+6'] }]);
  });
});

describe('a gap that hides framing ends its exchange as incomplete, and the next message is found', () => {
  test('from a body of known length into the next response', () => {
    const steps = [
      request(1),
      into('HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n'),
      lostIn(20 + 10),
      into('0 OK\r\n\r\n'),
      ...turns(2, 2),
    ];
    expect(read(steps)).toEqual([{ ...pair(1), responseBody: '… of 20', gaps: ['ingress 39+20'] }, pair(2)]);
  });

  test('in the chunked coding', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const steps = [request(1), into(`${head}a\r\n01234`), lostIn(9), into('rest\r\n0\r\n\r\n'), ...turns(2, 3)];
    expect(read(steps)).toEqual([
      {
        ...pair(1),
        responseBody: '01234… of 5',
        complete: false,
        error: 'gap-in-framing',
        gaps: [`ingress ${head.length + 8}+9`],
      },
      pair(2),
      pair(3),
    ]);
  });

  test('in the head of a response', () => {
    const steps = [
      request(1),
      into('HTTP/1.1 200 OK\r\nServer: x\r\nConte'),
      lostIn(9),
      into('th: 2\r\n\r\nok'),
      ...turns(2, 2),
    ];
    expect(read(steps)).toEqual([
      {
        request: 'GET /1 HTTP/1.1',
        response: '200 OK HTTP/1.1',
        complete: false,
        error: 'gap-in-head',
        gaps: ['ingress 33+9'],
      },
      pair(2),
    ]);
  });

  test('in the head of a request: the response still belongs to it', () => {
    const steps = [out('POST /1 HTTP/1.1\r\nHost: x\r\nConte'), lostOut(9), out('th: 2\r\n\r\nok'), response(1)];
    expect(read(steps)).toEqual([
      { ...pair(1), request: 'POST /1 HTTP/1.1', complete: false, error: 'gap-in-head', gaps: ['egress 32+9'] },
    ]);
  });
});

describe('whole messages lost', () => {
  test('a lost request: its response stands alone, the next pairs go on', () => {
    const steps = [...turns(1, 3), response(4), lostOut(REQUEST_BYTES), ...turns(5, 7)];
    const orphan = { response: '200 OK HTTP/1.1', responseBody: 'ok', complete: false, error: 'request-not-captured' };
    expect(read(steps)).toEqual([
      pair(1),
      pair(2),
      pair(3),
      { ...orphan, gaps: [`egress ${3 * REQUEST_BYTES}+${REQUEST_BYTES}`] },
      pair(5),
      pair(6),
      pair(7),
    ]);
  });

  test('a lost response: its request stands alone, one more pair is given up because nobody can tell', () => {
    const steps = [...turns(1, 9), request(10), request(11), lostIn(RESPONSE_BYTES), response(11), ...turns(12, 14)];
    const found = read(steps);
    const pairs = found.filter(({ complete }) => complete).map((exchange) => exchange.request);
    expect(pairs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14].map((id) => `GET /${id} HTTP/1.1`));
    expect(found.filter(({ complete }) => !complete).map(({ error }) => error)).toEqual([
      'pairing-uncertain',
      'pairing-uncertain',
      'pairing-uncertain',
    ]);
  });

  test('requests and responses lost together: a client that always waited is understood again', () => {
    const steps = [
      ...turns(1, 9),
      request(10),
      lostIn(3 * RESPONSE_BYTES),
      lostOut(2 * REQUEST_BYTES),
      ...turns(13, 16),
    ];
    const pairs = read(steps)
      .filter(({ complete }) => complete)
      .map((exchange) => exchange.request);
    expect(pairs).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 14, 15, 16].map((id) => `GET /${id} HTTP/1.1`));
  });

  test('after a loss a client that pipelines is never trusted: half exchanges instead of wrong pairs', () => {
    const steps = [
      request(1),
      request(2),
      response(1),
      response(2),
      lostOut(REQUEST_BYTES),
      request(4),
      response(3),
      response(4),
      ...turns(5, 9),
    ];
    const found = read(steps);
    expect(found.filter(({ complete }) => complete)).toEqual([pair(1), pair(2)]);
    expect(found.filter((exchange) => exchange.request !== undefined)).toHaveLength(8);
    expect(found.filter((exchange) => exchange.response !== undefined)).toHaveLength(9);
  });

  test('the last response lost: the request says that it may have been', () => {
    expect(read([...turns(1, 1), request(2), lostIn(RESPONSE_BYTES)])).toEqual([
      pair(1),
      {
        request: 'GET /2 HTTP/1.1',
        complete: false,
        error: 'response-not-captured',
        gaps: [`ingress ${RESPONSE_BYTES}+${RESPONSE_BYTES}`],
      },
    ]);
  });

  test('a quoted message in the rest of a body is not taken for a response to a request that is still to come', () => {
    const head = 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n';
    const quoted = 'docs:\r\nHTTP/1.1 500 Quoted\r\nContent-Length: 0\r\n\r\nend\r\n0\r\n\r\n';
    const steps = [request(1), into(`${head}40\r\n`), lostIn(30), into(quoted), ...turns(2, 3)];
    expect(read(steps).map(({ request: line, response: status }) => [line, status])).toEqual([
      ['GET /1 HTTP/1.1', '200 OK HTTP/1.1'],
      ['GET /2 HTTP/1.1', '200 OK HTTP/1.1'],
      ['GET /3 HTTP/1.1', '200 OK HTTP/1.1'],
    ]);
  });
});
