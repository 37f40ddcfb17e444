// SPDX-License-Identifier: Apache-2.0
import { runParser } from '@flowtap/core/testing';
import fc from 'fast-check';
import { describe, test } from 'vitest';
import { http1 } from '../src/index.js';
import { type ClientStyle, conversation, cut, holes, withHoles } from './conversation.js';
import { checkNothingIsWrong, loseCalls } from './pairing-check.js';

const RUNS = Number(process.env['FLOWTAP_PROPERTY_RUNS'] ?? 600);

describe('after gaps no request is shown with the response of another', () => {
  const styles: readonly ClientStyle[] = ['sequential', 'batch', 'window'];
  test.each(styles)('%s client', (style) => {
    fc.assert(
      fc.property(
        conversation(style),
        fc.array(fc.integer({ min: 1, max: 200 }), { minLength: 1 }),
        holes,
        (talk, sizes, list) => {
          const steps = withHoles(talk, cut(talk.events, sizes), list);
          checkNothingIsWrong(talk, runParser(http1(), steps).exchanges);
        },
      ),
      { numRuns: RUNS },
    );
  });

  test.each(styles)('%s client, whole calls lost', (style) => {
    fc.assert(
      fc.property(conversation(style), fc.array(fc.nat({ max: 3 }), { minLength: 1 }), (talk, fates) => {
        checkNothingIsWrong(talk, runParser(http1(), loseCalls(talk, fates)).exchanges);
      }),
      { numRuns: RUNS },
    );
  });
});
