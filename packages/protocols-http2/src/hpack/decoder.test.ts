// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from 'vitest';
import { HpackDecoder, UNKNOWN_NAME } from './decoder.js';

const NO_LIMIT = 1 << 20;

function block(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

function decode(decoder: HpackDecoder, hex: string, maxListBytes = NO_LIMIT) {
  const bytes = block(hex);
  return decoder.decode(bytes, 0, bytes.length, maxListBytes);
}

function lines(decoder: HpackDecoder, hex: string): readonly string[] {
  const { headers, isBroken } = decode(decoder, hex);
  expect(isBroken).toBe(false);
  return headers.map(([name, value]) => `${name}: ${value}`);
}

const FIRST_REQUEST = [':method: GET', ':scheme: http', ':path: /', ':authority: www.example.com'];
const SECOND_REQUEST = [...FIRST_REQUEST, 'cache-control: no-cache'];
const THIRD_REQUEST = [
  ':method: GET',
  ':scheme: https',
  ':path: /index.html',
  ':authority: www.example.com',
  'custom-key: custom-value',
];
const DATE = 'date: Mon, 21 Oct 2013 20:13:21 GMT';
const RESPONSE_TAIL = ['cache-control: private', DATE, 'location: https://www.example.com'];
const THIRD_RESPONSE = [
  ':status: 200',
  'cache-control: private',
  'date: Mon, 21 Oct 2013 20:13:22 GMT',
  'location: https://www.example.com',
  'content-encoding: gzip',
  'set-cookie: foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1',
];

describe('the examples of RFC 7541 Appendix C', () => {
  test('C.2: representations', () => {
    const decoder = new HpackDecoder(false);
    expect(lines(decoder, '400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')).toEqual([
      'custom-key: custom-header',
    ]);
    expect(decoder.tableSize).toBe(55);
    expect(lines(decoder, '040c 2f73 616d 706c 652f 7061 7468')).toEqual([':path: /sample/path']);
    expect(lines(decoder, '1008 7061 7373 776f 7264 0673 6563 7265 74')).toEqual(['password: secret']);
    expect(lines(decoder, '82')).toEqual([':method: GET']);
    expect(decoder.tableSize).toBe(55);
  });

  test.each([
    [
      'C.3: requests without Huffman coding',
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    [
      'C.4: requests with Huffman coding',
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  ])('%s', (_name, first, second, third) => {
    const decoder = new HpackDecoder(false);
    expect(lines(decoder, first)).toEqual(FIRST_REQUEST);
    expect(decoder.tableSize).toBe(57);
    expect(lines(decoder, second)).toEqual(SECOND_REQUEST);
    expect(decoder.tableSize).toBe(110);
    expect(lines(decoder, third)).toEqual(THIRD_REQUEST);
    expect(decoder.tableSize).toBe(164);
  });

  test.each([
    [
      'C.5: responses without Huffman coding, with eviction',
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d ' +
        '546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f ' +
        '6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b ' +
        '2076 6572 7369 6f6e 3d31',
    ],
    [
      'C.6: responses with Huffman coding, with eviction',
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 ' +
        '8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 ' +
        'dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ],
  ])('%s', (_name, first, second, third) => {
    const decoder = new HpackDecoder(false);
    // The examples assume a table of 256 bytes.
    expect(lines(decoder, `3fe101 ${first}`)).toEqual([':status: 302', ...RESPONSE_TAIL]);
    expect(decoder.tableSize).toBe(222);
    expect(lines(decoder, second)).toEqual([':status: 307', ...RESPONSE_TAIL]);
    expect(decoder.tableSize).toBe(222);
    expect(lines(decoder, third)).toEqual(THIRD_RESPONSE);
    expect(decoder.tableSize).toBe(215);
  });
});

describe('blocks that break RFC 7541', () => {
  test.each([
    ['index 0 (§6.1)', '80'],
    ['an index beyond the table (§2.3.3)', 'bf'],
    ['a string longer than the block', '0005 61'],
    ['a value that is missing', '0001 61'],
    ['an integer that does not end', 'ffff ffff ff'],
    ['an integer beyond any use (§5.1)', 'ffff ffff ffff ff01'],
    ['padding of eight bits (§5.2)', '0082 1fff 0161'],
    ['padding that is no prefix of EOS (§5.2)', '0081 1800'],
    ['EOS inside of a string (§5.2)', '0084 ffff ffff 0161'],
  ])('%s', (_name, hex) => {
    const decoder = new HpackDecoder(false);
    lines(decoder, '4001 6101 62');
    const { isBroken } = decode(decoder, hex);
    expect(isBroken).toBe(true);
    expect(decoder.tableSize).toBe(0);
  });
});

describe('limits', () => {
  test('fields beyond the limit are left out, but their entries are made', () => {
    const decoder = new HpackDecoder(false);
    const { headers, isTruncated } = decode(decoder, '4001 6101 62 4001 6301 64', 40);
    expect(headers).toEqual([['a', 'b']]);
    expect(isTruncated).toBe(true);
    expect(lines(decoder, 'be bf')).toEqual(['c: d', 'a: b']);
  });

  test('a block that repeats one large entry does not make a large list', () => {
    const decoder = new HpackDecoder(false);
    const value = 'x'.repeat(3000);
    const bytes = Buffer.concat([Buffer.from([0x40, 1, 0x61, 0x7f, 0xb9, 0x16]), Buffer.from(value)]);
    expect(decoder.decode(bytes, 0, bytes.length, NO_LIMIT).headers).toEqual([['a', value]]);
    const bomb = Buffer.alloc(60_000, 0xbe);
    const { headers, isTruncated } = decoder.decode(bomb, 0, bomb.length, 65_536);
    expect(headers.length).toBe(21);
    expect(isTruncated).toBe(true);
  });

  test('a size update empties the table, however large a size follows (§6.3)', () => {
    const decoder = new HpackDecoder(false);
    lines(decoder, '4001 6101 62');
    expect(lines(decoder, '20 3fe11f 82')).toEqual([':method: GET']);
    expect(decoder.tableSize).toBe(0);
    expect(decoder.capacity).toBe(4096);
    decode(decoder, '3fffff ffff 0f');
    expect(decoder.capacity).toBeGreaterThan(1 << 20);
    expect(decoder.tableSize).toBe(0);
  });

  test('of a table larger than it keeps, the decoder calls the oldest entries unknown', () => {
    const decoder = new HpackDecoder(false);
    decode(decoder, '3fe1ff 3f');
    const value = 'v'.repeat(3000);
    for (let i = 0; i < 100; i++) {
      const bytes = Buffer.concat([
        Buffer.from([0x40, 3]),
        Buffer.from(String(i).padStart(3, '0')),
        Buffer.from([0x7f, 0xb9, 0x16]),
        Buffer.from(value),
      ]);
      expect(decoder.decode(bytes, 0, bytes.length, NO_LIMIT).isBroken).toBe(false);
    }
    expect(decoder.tableSize).toBeLessThanOrEqual(262_144);
    expect(decode(decoder, 'be').headers).toEqual([['099', value]]);
    // 62 + 99: the first entry.
    const oldest = decode(decoder, 'ff22');
    expect(oldest).toMatchObject({ isIncomplete: true, isBroken: false, headers: [[UNKNOWN_NAME, '']] });
  });
});

describe('a decoder that missed the beginning', () => {
  test('entries from before are unknown, entries from after are known', () => {
    const decoder = new HpackDecoder(true);
    const first = decode(decoder, '82 be 4001 6101 62');
    expect(first.headers).toEqual([
      [':method', 'GET'],
      [UNKNOWN_NAME, ''],
      ['a', 'b'],
    ]);
    expect(first.isIncomplete).toBe(true);
    const second = decode(decoder, 'be bf');
    expect(second.headers).toEqual([
      ['a', 'b'],
      [UNKNOWN_NAME, ''],
    ]);
  });

  test('a literal value keeps its value when its name is not known, also from the table', () => {
    const decoder = new HpackDecoder(true);
    expect(decode(decoder, '7e 0176').headers).toEqual([[UNKNOWN_NAME, 'v']]);
    expect(decode(decoder, 'be')).toMatchObject({ headers: [[UNKNOWN_NAME, 'v']], isIncomplete: true });
  });

  test('what was known before blocks were missed is forgotten', () => {
    const decoder = new HpackDecoder(false);
    lines(decoder, '4001 6101 62');
    decoder.lose();
    expect(decode(decoder, 'be')).toMatchObject({ headers: [[UNKNOWN_NAME, '']], isIncomplete: true });
  });
});
