// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';

const COUNTER_DIGITS = 12;
const COUNTER_LIMIT = 16 ** COUNTER_DIGITS;
const LAST_DIGITS = 2;
const ENDINGS = Array.from({ length: 16 ** LAST_DIGITS }, (_, value) => value.toString(16).padStart(LAST_DIGITS, '0'));

/**
 * Makes UUIDs of version 8 (RFC 9562 §5.8): random bits that all ids of one maker share, and a counter. A random one for
 * each flow would cost as much as parsing a header field, and so would all digits of the counter.
 */
export function createFlowIds(): () => string {
  let random = '';
  let beginning = '';
  let next = COUNTER_LIMIT;
  return () => {
    if (next === COUNTER_LIMIT) {
      // xxxxxxxx-xxxx-Vxxx-yxxx-: the variant digit of randomUUID stays.
      const uuid = randomUUID();
      random = `${uuid.slice(0, 14)}8${uuid.slice(15, 24)}`;
      next = 0;
    }
    const ending = next % ENDINGS.length;
    if (ending === 0) {
      const digits = Math.floor(next / ENDINGS.length).toString(16);
      beginning = random + digits.padStart(COUNTER_DIGITS - LAST_DIGITS, '0');
    }
    next += 1;
    return beginning + ENDINGS[ending];
  };
}
