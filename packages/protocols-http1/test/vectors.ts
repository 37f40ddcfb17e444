// SPDX-License-Identifier: Apache-2.0
import type { Direction } from '@flowtap/core';
import type { ParserRunOptions } from '@flowtap/core/testing';
import type { Outline } from './outline.js';

/** A conversation with what it means. `>` goes to the server (egress), `<` comes from it (ingress). */
export interface Vector extends ParserRunOptions {
  readonly name: string;
  readonly wire: readonly string[];
  readonly expected: readonly Outline[];
  /** @default true */
  readonly detects?: boolean;
  /** What another protocol gets after a handover, as `to`, and the bytes of each direction. */
  readonly handover?: { readonly to?: string; readonly egress: string; readonly ingress: string };
}

const GET = '>GET /a HTTP/1.1\r\nHost: x\r\n\r\n';
const OK = '<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const ANSWERED = { request: 'GET /a HTTP/1.1', response: '200 OK HTTP/1.1', responseBody: 'ok', complete: true };

export const VECTORS: readonly Vector[] = [
  { name: 'a request and its response', wire: [GET, OK], expected: [ANSWERED] },
  {
    name: 'an observed server: the requests come in',
    wire: ['<GET /a HTTP/1.1\r\n\r\n', '>HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
    expected: [ANSWERED],
  },
  {
    name: 'keep-alive',
    wire: [GET, OK, GET.replace('/a', '/b'), OK.replace('ok', 'no')],
    expected: [ANSWERED, { ...ANSWERED, request: 'GET /b HTTP/1.1', responseBody: 'no' }],
  },
  {
    name: 'pipelined requests, also with bodies',
    wire: [
      '>POST /1 HTTP/1.1\r\nContent-Length: 3\r\n\r\noneGET /2 HTTP/1.1\r\n\r\nPOST /3 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n',
      '<HTTP/1.1 201 Created\r\nContent-Length: 1\r\n\r\nAHTTP/1.1 204 No Content\r\n\r\nHTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n',
    ],
    expected: [
      {
        request: 'POST /1 HTTP/1.1',
        requestBody: 'one',
        response: '201 Created HTTP/1.1',
        responseBody: 'A',
        complete: true,
      },
      { request: 'GET /2 HTTP/1.1', response: '204 No Content HTTP/1.1', complete: true },
      { request: 'POST /3 HTTP/1.1', requestBody: 'three', response: '202 Accepted HTTP/1.1', complete: true },
    ],
  },
  {
    name: 'chunks with extensions and trailers',
    wire: [
      GET,
      '<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4;name=value\r\nWiki\r\n00A ; q="x"\r\n0123456789\r\n0;last\r\nExpires: never\r\nX-Sum: 1\r\n\r\n',
      GET,
      OK,
    ],
    expected: [
      {
        ...ANSWERED,
        responseBody: 'Wiki0123456789',
        responseTrailers: [
          ['Expires', 'never'],
          ['X-Sum', '1'],
        ],
      },
      ANSWERED,
    ],
  },
  {
    name: 'chunks ended by bare line feeds',
    wire: [GET, '<HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n2\nok\n0\n\n', GET, OK],
    expected: [ANSWERED, ANSWERED],
  },
  {
    name: 'a transfer coding before chunked',
    wire: [GET, '<HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip,\r\n\tChunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    expected: [ANSWERED],
  },
  {
    name: 'a body up to the close',
    wire: [GET, '<HTTP/1.1 200 OK\r\n\r\nall that ', '<comes'],
    expected: [{ ...ANSWERED, responseBody: 'all that comes' }],
  },
  {
    name: 'an empty body up to the close',
    wire: [GET, '<HTTP/1.1 200 OK\r\n\r\n'],
    expected: [{ request: 'GET /a HTTP/1.1', response: '200 OK HTTP/1.1', complete: true }],
  },
  {
    name: 'a body up to the close when the capture ends first',
    wire: [GET, '<HTTP/1.1 200 OK\r\n\r\nall that'],
    closeReason: 'end',
    expected: [{ ...ANSWERED, responseBody: 'all that… of 8', complete: false, error: 'capture-ended' }],
  },
  {
    name: 'responses without body: HEAD, 204, 304',
    wire: [
      '>HEAD /h HTTP/1.1\r\n\r\n',
      '<HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n',
      GET,
      '<HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n',
      GET,
      '<HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n',
      GET,
      OK,
    ],
    expected: [
      { request: 'HEAD /h HTTP/1.1', response: '200 OK HTTP/1.1', complete: true },
      { request: 'GET /a HTTP/1.1', response: '304 Not Modified HTTP/1.1', complete: true },
      { request: 'GET /a HTTP/1.1', response: '204 No Content HTTP/1.1', complete: true },
      ANSWERED,
    ],
  },
  {
    name: 'Expect: 100-continue and other interim responses',
    wire: [
      '>POST /a HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n',
      '<HTTP/1.1 100 Continue\r\n\r\n',
      '>body',
      '<HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ],
    expected: [{ ...ANSWERED, request: 'POST /a HTTP/1.1', requestBody: 'body' }],
  },
  {
    name: 'a final response before the request has ended',
    wire: [
      '>POST /a HTTP/1.1\r\nContent-Length: 4\r\n\r\nbo',
      '<HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n',
      '>dy',
      GET,
      OK,
    ],
    expected: [
      { request: 'POST /a HTTP/1.1', requestBody: 'body', response: '413 Too Large HTTP/1.1', complete: true },
      ANSWERED,
    ],
  },
  {
    name: 'HTTP/1.0',
    wire: ['>GET /a HTTP/1.0\r\n\r\n', '<HTTP/1.0 200 OK\r\n\r\nok'],
    expected: [{ request: 'GET /a HTTP/1.0', response: '200 OK HTTP/1.0', responseBody: 'ok', complete: true }],
  },
  {
    name: 'bare line feeds, empty lines before, a folded line, no reason',
    wire: [
      '>\r\n\n\r\nGET /a?b=c&d HTTP/1.1\nHost: x\nX-Long: one\n\t two\n\n',
      '<\r\nHTTP/1.1 200\nContent-Length: 2\n\nok',
    ],
    expected: [{ request: 'GET /a?b=c&d HTTP/1.1', response: '200 HTTP/1.1', responseBody: 'ok', complete: true }],
  },
  {
    name: 'an unknown method and all forms of the target',
    wire: [
      '>M-SEARCH * HTTP/1.1\r\n\r\n',
      OK,
      '>OPTIONS * HTTP/1.1\r\n\r\n',
      OK,
      '>GET http://example.test:81/x?y#z HTTP/1.1\r\nHost: other\r\n\r\n',
      OK,
    ],
    expected: [
      { ...ANSWERED, request: 'M-SEARCH * HTTP/1.1' },
      { ...ANSWERED, request: 'OPTIONS * HTTP/1.1' },
      { ...ANSWERED, request: 'GET http://example.test:81/x?y#z HTTP/1.1' },
    ],
  },
  {
    name: 'no response before the close',
    wire: [GET, OK, GET],
    expected: [ANSWERED, { request: 'GET /a HTTP/1.1', complete: false, error: 'no-response' }],
  },
  {
    name: 'no response before the capture ended',
    wire: [GET],
    closeReason: 'end',
    expected: [{ request: 'GET /a HTTP/1.1', complete: false, error: 'capture-ended' }],
  },
  {
    name: 'a response cut by the close',
    wire: [GET, '<HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf'],
    expected: [{ ...ANSWERED, responseBody: 'half… of 4', complete: false, error: 'connection-closed' }],
  },
  {
    name: 'a request cut by the close, in its head',
    wire: [GET, OK, '>POST /cut HTTP/1.1\r\nHost: x\r\nConte'],
    expected: [ANSWERED, { request: 'POST /cut HTTP/1.1', complete: false, error: 'connection-closed' }],
  },
  {
    name: 'Transfer-Encoding overrides Content-Length and is reported',
    wire: [
      '>POST /a HTTP/1.1\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
      '<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
      GET,
      OK,
    ],
    expected: [{ ...ANSWERED, request: 'POST /a HTTP/1.1', requestBody: 'hi', error: 'conflicting-framing' }, ANSWERED],
  },
  {
    name: 'equal Content-Length values count as one',
    wire: [GET, '<HTTP/1.1 200 OK\r\nContent-Length: 2\r\ncontent-length: 2, 2\r\n\r\nok', GET, OK],
    expected: [ANSWERED, ANSWERED],
  },
  {
    name: 'differing Content-Length values: no body is believed, the next message is searched',
    wire: [GET, '<HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nok\r\n', GET, OK, GET, OK],
    expected: [
      { request: 'GET /a HTTP/1.1', response: '200 OK HTTP/1.1', complete: false, error: 'conflicting-framing' },
      ANSWERED,
      ANSWERED,
    ],
  },
  {
    name: 'a Content-Length that is no number',
    wire: [GET, '<HTTP/1.1 200 OK\r\nContent-Length: +2\r\n\r\nok'],
    expected: [
      { request: 'GET /a HTTP/1.1', response: '200 OK HTTP/1.1', complete: false, error: 'invalid-content-length' },
    ],
  },
  {
    name: 'a response whose last transfer coding is not chunked ends with the connection',
    wire: [GET, '<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked, gzip\r\n\r\nok'],
    expected: [{ ...ANSWERED, error: 'invalid-transfer-encoding' }],
  },
  {
    name: 'broken chunked coding',
    wire: [GET, '<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokXX\r\n0\r\n\r\n', GET, OK],
    expected: [{ ...ANSWERED, responseBody: 'ok… of 2', complete: false, error: 'malformed-chunk' }, ANSWERED],
  },
  {
    name: 'a header line without name is kept and reported',
    wire: ['>GET /a HTTP/1.1\r\nnonsense\r\nHost : x\r\n\r\n', OK],
    expected: [{ ...ANSWERED, error: 'malformed-header' }],
  },
  {
    name: 'a nonsense line before a request',
    wire: [GET, OK, '>what is this\r\nGET /b HTTP/1.1\r\n\r\n', OK, GET, OK],
    expected: [
      ANSWERED,
      // Nobody knows whether the nonsense gets a response of its own.
      ...[0, 1].flatMap((n) => [
        { request: `GET /${'ba'[n]} HTTP/1.1`, complete: false, error: 'pairing-uncertain' },
        { response: '200 OK HTTP/1.1', responseBody: 'ok', complete: false, error: 'pairing-uncertain' },
      ]),
    ],
  },
  {
    name: 'CONNECT: behind the response everything is the tunnel, also what came before it',
    wire: [
      '>CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n\x16\x03\x01early',
      '<HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nserver',
      '>late',
    ],
    expected: [{ request: 'CONNECT h:443 HTTP/1.1', response: '200 OK HTTP/1.1', complete: true }],
    handover: { egress: '\x16\x03\x01earlylate', ingress: 'server' },
  },
  {
    name: 'CONNECT refused: HTTP goes on',
    wire: [
      '>CONNECT h:443 HTTP/1.1\r\n\r\nGET /a HTTP/1.1\r\n\r\n',
      '<HTTP/1.1 407 Auth\r\nContent-Length: 2\r\n\r\nnoHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
    ],
    expected: [
      { request: 'CONNECT h:443 HTTP/1.1', response: '407 Auth HTTP/1.1', responseBody: 'no', complete: true },
      ANSWERED,
    ],
  },
  {
    name: 'Upgrade to WebSocket',
    wire: [
      '>GET /chat HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
      '<HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\n\r\n\x81\x01x',
      '>\x81\x81mask',
    ],
    expected: [{ request: 'GET /chat HTTP/1.1', response: '101 Switching Protocols HTTP/1.1', complete: true }],
    handover: { to: 'websocket', egress: '\x81\x81mask', ingress: '\x81\x01x' },
  },
  {
    name: 'Upgrade to TLS names no protocol',
    wire: [
      '>OPTIONS * HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: TLS/1.2\r\n\r\n',
      '<HTTP/1.1 101 Switching Protocols\r\nUpgrade: TLS/1.2, HTTP/1.1\r\n\r\n',
    ],
    expected: [{ request: 'OPTIONS * HTTP/1.1', response: '101 Switching Protocols HTTP/1.1', complete: true }],
    handover: { egress: '', ingress: '' },
  },
  {
    name: 'Upgrade ignored: HTTP goes on',
    wire: ['>GET /a HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n', OK, GET, OK],
    expected: [ANSWERED, ANSWERED],
  },
  {
    name: 'a response that overtook its request waits for it',
    wire: ['<HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n', GET.replace('GET', 'HEAD'), OK, GET],
    // Whether there is a body is for the request to say.
    expected: [{ request: 'HEAD /a HTTP/1.1', response: '200 OK HTTP/1.1', complete: true }, ANSWERED],
  },
  {
    name: 'a response to no request at all',
    wire: [GET, OK, '<HTTP/1.1 408 Timeout\r\nContent-Length: 2\r\n\r\nok'],
    expected: [
      ANSWERED,
      { response: '408 Timeout HTTP/1.1', responseBody: 'ok', complete: false, error: 'request-not-captured' },
    ],
  },
  {
    name: 'joined late, in a response: what is not whole is let go',
    wire: ['<rest of a body\r\nHTTP/1.1 999 not a head\r\nbody: goes on\r\nstill body {}', GET, OK, GET, OK],
    joinedLate: true,
    expected: [ANSWERED, ANSWERED],
  },
  {
    name: 'joined late, before a response',
    wire: [OK, GET, OK],
    joinedLate: true,
    expected: [
      { response: '200 OK HTTP/1.1', responseBody: 'ok', complete: false, error: 'request-not-captured' },
      ANSWERED,
    ],
  },
  {
    name: 'joined late, before a response to HEAD',
    wire: ['<HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n', GET, OK],
    joinedLate: true,
    expected: [{ response: '200 OK HTTP/1.1', complete: false, error: 'request-not-captured' }, ANSWERED],
  },
  {
    name: 'joined late, in a request whose body does not end in a line break',
    wire: ['>"tail":1}', OK, '>POST /b HTTP/1.1\r\nContent-Length: 2\r\n\r\nhi', OK],
    joinedLate: true,
    expected: [
      { response: '200 OK HTTP/1.1', responseBody: 'ok', complete: false, error: 'request-not-captured' },
      { ...ANSWERED, request: 'POST /b HTTP/1.1', requestBody: 'hi' },
    ],
  },
  {
    name: 'the preface of HTTP/2',
    wire: ['>PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    detects: false,
    expected: [],
  },
  {
    name: 'a long body is cut at the limit and counted to its end',
    wire: [GET, '<HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n0123456789ab', GET, OK],
    limits: { maxBodyBytes: 5 },
    expected: [{ ...ANSWERED, responseBody: '01234… of 12' }, ANSWERED],
  },
  {
    name: 'bodies are not kept at all with a limit of 0',
    wire: [GET, '<HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n'],
    limits: { maxBodyBytes: 0 },
    expected: [{ ...ANSWERED, responseBody: '… of 2' }],
  },
  {
    name: 'a head longer than the limit',
    wire: [`>GET /a HTTP/1.1\r\nHost: x\r\nX: ${'y'.repeat(60)}\r\n\r\n`, OK],
    limits: { maxHeaderBytes: 64 },
    expected: [{ ...ANSWERED, error: 'header-too-large', complete: false }],
  },
  {
    name: 'more requests than may wait: the oldest goes unanswered',
    wire: [
      '>GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n',
      OK,
      OK.replace('ok', 'II'),
      OK.replace('ok', '33'),
    ],
    limits: { maxPendingExchanges: 2 },
    expected: [
      { request: 'GET /1 HTTP/1.1', complete: false, error: 'too-many-pending' },
      { response: '200 OK HTTP/1.1', responseBody: 'ok', complete: false, error: 'request-not-captured' },
      { ...ANSWERED, request: 'GET /2 HTTP/1.1', responseBody: 'II' },
      { ...ANSWERED, request: 'GET /3 HTTP/1.1', responseBody: '33' },
    ],
  },
];

export function stepsOf(wire: readonly string[]): { readonly direction: Direction; readonly bytes: Buffer }[] {
  return wire.map((line) => ({
    direction: line.startsWith('>') ? 'egress' : 'ingress',
    bytes: Buffer.from(line.slice(1), 'latin1'),
  }));
}
