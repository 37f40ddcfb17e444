// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';

const COUNTER_DIGITS = 12;
const COUNTER_LIMIT = 16 ** COUNTER_DIGITS;

/**
 * Makes UUIDs of version 8 (RFC 9562 §5.8): random bits that all ids of one maker share, and a counter. A random one for
 * each flow would cost as much as parsing a header field.
 */
export function createFlowIds(): () => string {
  let prefix = '';
  let next = COUNTER_LIMIT;
  return () => {
    if (next === COUNTER_LIMIT) {
      // xxxxxxxx-xxxx-Vxxx-yxxx-: the variant digit of randomUUID stays.
      const random = randomUUID();
      prefix = `${random.slice(0, 14)}8${random.slice(15, 24)}`;
      next = 0;
    }
    const digits = next.toString(16);
    next += 1;
    return prefix + '000000000000'.slice(digits.length) + digits;
  };
}
