// SPDX-License-Identifier: Apache-2.0
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { createNotices, noticeLogger } from './notices.js';

function collectNotices() {
  const stream = new PassThrough({ encoding: 'utf8' });
  return { notices: createNotices(stream), text: (): string => stream.read() ?? '' };
}

it('keeps every notice on one line, so that a log reader sees one message', () => {
  const { notices, text } = collectNotices();
  notices.say('two\n  lines');
  expect(text()).toBe('flowtap: two lines\n');
});

it('says a warning that comes for every packet once', () => {
  const { notices, text } = collectNotices();
  const logger = noticeLogger(notices);
  for (let i = 0; i < 3; i++) logger.warn('disk full');
  logger.error('source-error: other');
  logger.info('detail');
  expect(text()).toBe('flowtap: disk full\nflowtap: other\n');
});
