// SPDX-License-Identifier: Apache-2.0
// In the place of Vitest where its process management, its transformations and their native programs are not wanted: the
// same runner and the same assertions, and nothing else.
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from '@vitest/expect';
import * as chai from 'chai';

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export { afterAll, afterEach, beforeAll, beforeEach, describe, test } from '@vitest/runner';
export const { expect } = chai;
