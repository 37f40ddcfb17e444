// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { subjectOf } from './flow-stream.js';

it.each([
  ['web-1', 'http/1.1', 'flows.web-1.http_1_1'],
  ['db.example.org', 'redis', 'flows.db_example_org.redis'],
  ['*', '>', 'flows._._'],
  ['', 'tls', 'flows._.tls'],
])('a host %j and a protocol %j are two parts of a subject', (host, protocol, subject) => {
  expect(subjectOf(host, protocol)).toBe(subject);
});
