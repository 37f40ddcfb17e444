// SPDX-License-Identifier: Apache-2.0
import type { Direction, ParserLimits } from '@flowtap/core';
import { Flag, FrameType } from '../src/constants.js';
import {
  block,
  data,
  frame,
  headers,
  join,
  PREFACE,
  request,
  response,
  settings,
  settingsAck,
  uint32,
} from './frames.js';
import type { Outline } from './outline.js';

export interface Vector {
  readonly name: string;
  /** `c`: from the client, `s`: from the server. */
  readonly wire: readonly (readonly ['c' | 's', Buffer])[];
  readonly expected: readonly Outline[];
  readonly counts?: Readonly<Record<string, number>>;
  readonly limits?: Partial<ParserLimits>;
}

const BEGIN = [
  ['c', join(PREFACE, settings())],
  ['s', join(settings(), settingsAck)],
  ['c', settingsAck],
] as const;

const HELLO: Outline = { request: 'GET https://h/a', response: '200', responseBody: 'hello', complete: true };

function padded(type: number, flags: number, streamId: number, content: Buffer, padding: number): Buffer {
  const payload = Buffer.concat([Buffer.from([padding]), content, Buffer.alloc(padding)]);
  return frame(type, flags | Flag.PADDED, streamId, payload);
}

function pieces(bytes: Buffer, size: number): readonly Buffer[] {
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
}

/** A header block in HEADERS and as many CONTINUATION frames as it takes. */
function continued(streamId: number, bytes: Buffer, size: number, flags: number): Buffer {
  const all = pieces(bytes, size);
  return Buffer.concat(
    all.map((piece, i) => {
      const end = i === all.length - 1 ? Flag.END_HEADERS : 0;
      return i === 0
        ? frame(FrameType.HEADERS, flags | end, streamId, piece)
        : frame(FrameType.CONTINUATION, end, streamId, piece);
    }),
  );
}

export const VECTORS: readonly Vector[] = [
  {
    name: 'a request and its response',
    wire: [...BEGIN, ['c', headers(1, request('/a'), 'end')], ['s', join(headers(1, response(200)), data(1, 'hello'))]],
    expected: [HELLO],
  },
  {
    name: 'bodies in both directions, in several frames, one of them empty',
    wire: [
      ...BEGIN,
      [
        'c',
        join(headers(1, request('/a', [['x', 'y']], 'POST')), data(1, 'ab', 'open'), data(1, '', 'open'), data(1, 'c')),
      ],
      ['s', join(headers(1, response(201)), data(1, 'de', 'open'), data(1, 'f', 'open'), data(1, ''))],
    ],
    expected: [
      {
        request: 'POST https://h/a',
        requestHeaders: [['x', 'y']],
        requestBody: 'abc',
        response: '201',
        responseBody: 'def',
        complete: true,
      },
    ],
  },
  {
    name: 'interleaved streams, answered in another order',
    wire: [
      ...BEGIN,
      [
        'c',
        join(headers(1, request('/1'), 'end'), headers(3, request('/3', [], 'PUT')), headers(5, request('/5'), 'end')),
      ],
      ['s', join(headers(5, response(200)), data(5, 'a', 'open'), headers(1, response(404), 'end'))],
      ['c', data(3, 'xyz', 'open')],
      ['s', join(data(5, 'b'), headers(3, response(200), 'open'), data(3, 'done'))],
      ['c', data(3, '!')],
    ],
    expected: [
      { request: 'GET https://h/1', response: '404', complete: true },
      { request: 'GET https://h/5', response: '200', responseBody: 'ab', complete: true },
      { request: 'PUT https://h/3', requestBody: 'xyz!', response: '200', responseBody: 'done', complete: true },
    ],
  },
  {
    name: 'padding, priority and frames that say nothing about messages',
    wire: [
      ...BEGIN,
      ['c', frame(FrameType.PRIORITY, 0, 3, Buffer.alloc(5, 1))],
      [
        'c',
        frame(
          FrameType.HEADERS,
          Flag.END_HEADERS | Flag.END_STREAM | Flag.PADDED | Flag.PRIORITY,
          1,
          join(Buffer.from([3]), Buffer.alloc(5, 1), block(request('/a')), Buffer.alloc(3)),
        ),
      ],
      ['c', frame(FrameType.WINDOW_UPDATE, 0, 0, uint32(1000))],
      ['s', join(frame(FrameType.PING, 0, 0, Buffer.alloc(8, 7)), frame(0xbe, 0xff, 1, 'of a type that nobody knows'))],
      [
        's',
        join(
          padded(FrameType.HEADERS, Flag.END_HEADERS, 1, block(response(200)), 9),
          padded(FrameType.DATA, 0, 1, Buffer.from('hel'), 200),
        ),
      ],
      [
        's',
        join(
          padded(FrameType.DATA, 0, 1, Buffer.alloc(0), 0),
          padded(FrameType.DATA, Flag.END_STREAM, 1, Buffer.from('lo'), 1),
        ),
      ],
    ],
    expected: [HELLO],
  },
  {
    name: 'CONTINUATION in small pieces, trailers and interim responses',
    wire: [
      ...BEGIN,
      ['c', continued(1, block(request('/a')), 7, Flag.END_STREAM)],
      [
        's',
        join(
          headers(1, response(103, [['link', 'x']])),
          headers(1, response(100)),
          continued(1, block(response(200)), 3, 0),
        ),
      ],
      ['s', join(data(1, 'hello', 'open'), headers(1, [['x-sum', '42']], 'end'))],
    ],
    expected: [{ ...HELLO, responseTrailers: [['x-sum', '42']] }],
  },
  {
    name: 'the dynamic table is shared by all streams of a direction, also those that are reset',
    wire: [
      ...BEGIN,
      ['c', headers(1, request('/reset', [['x-a', '1']]), 'open', true)],
      ['c', frame(FrameType.RST_STREAM, 0, 1, uint32(8))],
      // Late trailers of the stream that was reset still make an entry (RFC 9113 §5.1).
      ['s', headers(1, [['x-late', 'yes']], 'open', true)],
      // 0x83: POST; then :path, :authority and x-a of the table.
      ['c', frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 3, Buffer.from([0x83, 0xbf, 0xc0, 0xbe]))],
      ['s', frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 3, Buffer.from([0x88, 0xbe]))],
    ],
    expected: [
      { request: 'GET https://h/reset', requestHeaders: [['x-a', '1']], error: 'stream-reset' },
      {
        request: 'POST https://h/reset',
        requestHeaders: [['x-a', '1']],
        response: '200',
        responseHeaders: [['x-late', 'yes']],
        complete: true,
      },
    ],
  },
  {
    name: 'a promised stream is an exchange of its own',
    wire: [
      ...BEGIN,
      ['c', headers(1, request('/a'), 'end')],
      ['s', frame(FrameType.PUSH_PROMISE, Flag.END_HEADERS, 1, join(uint32(2), block(request('/pushed'))))],
      ['s', join(headers(1, response(200)), headers(2, response(200)), data(2, 'pushed'), data(1, 'hello'))],
    ],
    expected: [{ request: 'GET https://h/pushed', response: '200', responseBody: 'pushed', complete: true }, HELLO],
  },
  {
    name: 'GOAWAY tells which requests nobody will answer',
    wire: [
      ...BEGIN,
      ['c', join(headers(1, request('/a'), 'end'), headers(3, request('/b'), 'end'), headers(5, request('/c'), 'end'))],
      ['s', frame(FrameType.GOAWAY, 0, 0, join(uint32(1), uint32(0), 'bye'))],
      ['s', join(headers(1, response(200)), data(1, 'hello'))],
    ],
    expected: [
      { request: 'GET https://h/b', error: 'stream-refused' },
      { request: 'GET https://h/c', error: 'stream-refused' },
      HELLO,
    ],
  },
  {
    name: 'a larger frame size and table, from their acknowledgement on',
    wire: [
      ['c', join(PREFACE, settings([1, 65_536], [5, 30_000], [99, 1]))],
      ['s', join(settings(), settingsAck)],
      ['c', join(settingsAck, headers(1, request('/a'), 'end'))],
      // 0x3f e1 ff 03: the table gets 65,536 bytes (RFC 7541 §6.3).
      [
        's',
        frame(
          FrameType.HEADERS,
          Flag.END_HEADERS,
          1,
          join(Buffer.from([0x3f, 0xe1, 0xff, 0x03]), block(response(200))),
        ),
      ],
      ['s', data(1, 'x'.repeat(20_000))],
    ],
    expected: [{ ...HELLO, responseBody: 'x'.repeat(20_000) }],
    counts: {},
  },
  {
    name: 'what is left when the connection is closed',
    wire: [
      ...BEGIN,
      ['c', join(headers(1, request('/a'), 'end'), headers(3, request('/b', [], 'POST')), data(3, 'part', 'open'))],
      ['c', headers(5, request('/c'), 'end')],
      ['s', join(headers(5, response(200)), data(5, 'cut', 'open'))],
    ],
    expected: [
      { request: 'GET https://h/a', error: 'no-response' },
      { request: 'POST https://h/b', requestBody: 'part…', error: 'connection-closed' },
      { request: 'GET https://h/c', response: '200', responseBody: 'cut…', error: 'connection-closed' },
    ],
  },
  {
    name: 'limits on bodies, fields and streams',
    wire: [
      ...BEGIN,
      ['c', headers(1, request('/a'), 'end')],
      ['c', headers(3, request('/b', [['x-long', 'v'.repeat(300)]]), 'end', true)],
      ['c', headers(5, request('/c'), 'end')],
      ['s', join(headers(5, response(200)), data(5, 'hello'))],
      // The entry of the field that was left out is there.
      ['c', frame(FrameType.HEADERS, Flag.END_HEADERS | Flag.END_STREAM, 7, join(Buffer.from([0x82, 0x87, 0xbf])))],
    ],
    expected: [
      { request: 'GET https://h/a', error: 'too-many-pending' },
      { request: 'GET https://h/c', response: '200', responseBody: 'hel…', complete: true },
      { request: 'GET https://h/b', headersIncomplete: true, error: 'header-too-large' },
      { request: 'GET https:///b', error: 'no-response' },
    ],
    limits: { maxBodyBytes: 3, maxHeaderBytes: 400, maxPendingExchanges: 2 },
    counts: { 'header-too-large': 1, 'too-many-pending': 1 },
  },
  {
    name: 'a header block beyond the limit costs the table, not the stream',
    wire: [
      ...BEGIN,
      ['c', headers(1, request('/a', [['x', 'y']]), 'end', true)],
      ['c', continued(3, block(request('/b', [['x-long', 'v'.repeat(900)]])), 100, Flag.END_STREAM)],
      [
        'c',
        frame(
          FrameType.HEADERS,
          Flag.END_HEADERS | Flag.END_STREAM,
          5,
          join(Buffer.from([0x82, 0xbe]), block([[':path', '/c']])),
        ),
      ],
      ['s', join(headers(3, response(200)), data(3, 'three'), headers(5, response(200)), data(5, 'five'))],
    ],
    expected: [
      {
        request: ' https://',
        response: '200',
        responseBody: 'three',
        headersIncomplete: true,
        error: 'header-too-large',
      },
      {
        request: 'GET https:///c',
        requestHeaders: [['(unknown)', '']],
        response: '200',
        responseBody: 'five',
        complete: true,
        headersIncomplete: true,
      },
      { request: 'GET https://h/a', requestHeaders: [['x', 'y']], error: 'no-response' },
    ],
    limits: { maxHeaderBytes: 400 },
    counts: { 'header-too-large': 1 },
  },
];

export const DIRECTIONS: Readonly<Record<'c' | 's', Direction>> = { c: 'egress', s: 'ingress' };
