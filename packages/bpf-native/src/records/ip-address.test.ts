// SPDX-License-Identifier: Apache-2.0
import { isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatIpv4, formatIpv6 } from './ip-address.js';

/** Sixteen bytes of eight groups in hexadecimal. */
const groups = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('IPv4', () => {
  it('is dotted decimal, read where it begins', () => {
    expect(formatIpv4(Buffer.from([9, 127, 0, 0, 1, 9]), 1)).toBe('127.0.0.1');
    expect(formatIpv4(Buffer.from([255, 255, 255, 255]), 0)).toBe('255.255.255.255');
  });
});

describe('IPv6 in the form of RFC 5952', () => {
  it.each([
    // §4.1 and §4.3: no leading zeros, lower case.
    ['2001 0db8 aaaa bbbb cccc dddd eeee 0001', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:1'],
    // §4.2.1: as short as possible.
    ['2001 0db8 0000 0000 0000 0000 0002 0001', '2001:db8::2:1'],
    // §4.2.2: one zero group is not shortened.
    ['2001 0db8 0000 0001 0001 0001 0001 0001', '2001:db8:0:1:1:1:1:1'],
    // §4.2.3: the longest run, and of equal ones the first.
    ['2001 0000 0000 0001 0000 0000 0000 0001', '2001:0:0:1::1'],
    ['2001 0db8 0000 0000 0001 0000 0000 0001', '2001:db8::1:0:0:1'],
    ['0000 0000 0000 0000 0000 0000 0000 0001', '::1'],
    ['0000 0000 0000 0000 0000 0000 0000 0000', '::'],
    ['0001 0000 0000 0000 0000 0000 0000 0000', '1::'],
    ['fe80 0000 0000 0000 0000 0000 0000 0000', 'fe80::'],
    ['0000 0000 0001 0001 0001 0001 0000 0000', '::1:1:1:1:0:0'],
  ])('%s', (bytes, text) => {
    expect(formatIpv6(groups(bytes), 0)).toBe(text);
  });

  it('folds ::ffff:a.b.c.d to IPv4, and nothing else that looks like it', () => {
    expect(formatIpv6(groups('0000 0000 0000 0000 0000 ffff c000 0201'), 0)).toBe('192.0.2.1');
    expect(formatIpv6(groups('0000 0000 0000 0000 ffff 0000 c000 0201'), 0)).toBe('::ffff:0:c000:201');
    expect(formatIpv6(groups('0000 0000 0000 0000 0000 0000 c000 0201'), 0)).toBe('::c000:201');
  });

  it('agrees with the URL parser, which shortens the same way', () => {
    const byte = fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, fc.nat(255));
    fc.assert(
      fc.property(fc.array(byte, { minLength: 16, maxLength: 16 }), fc.nat(3), (bytes, offset) => {
        const text = formatIpv6(Buffer.from([...Array.from({ length: offset }, () => 7), ...bytes]), offset);
        if (!isIPv6(text)) return; // folded to IPv4: the example above
        const long = bytes
          .map((value) => value.toString(16).padStart(2, '0'))
          .join('')
          .match(/.{4}/g);
        expect(`[${text}]`).toBe(new URL(`http://[${long?.join(':')}]`).hostname);
      }),
      { numRuns: 2000 },
    );
  });
});
