// SPDX-License-Identifier: Apache-2.0
import { type ParserStep, runParser } from '@flowtap/core/testing';
import { describe, expect, test } from 'vitest';
import { bulk, client, command, lines, server } from '../test/resp.js';
import { redis } from './plugin.js';

function run(steps: readonly ParserStep[], options = {}) {
  return runParser(redis(), steps, { connection: { role: 'client' }, ...options });
}

/** Whatever a flow becomes: JSON, or lines for a person. */
function everything(steps: readonly ParserStep[], options = {}): string {
  const found = run(steps, options);
  return JSON.stringify(found.exchanges) + lines(found).join('\n');
}

const HASH = '5e884898da28047151d0e56f8dc6292773603d0d6aabbd62a11ef721d1542d8';

describe('passwords of commands are never shown', () => {
  test.each([
    [['AUTH', 'hunter2'], 'AUTH [redacted]'],
    [['auth', 'me', 'hunter2'], 'AUTH me [redacted]'],
    [['AUTH', 'a', 'hunter2', 'hunter2'], 'AUTH [redacted] [redacted] [redacted]'],
    [['HELLO', '3', 'AUTH', 'me', 'hunter2', 'SETNAME', 'x'], 'HELLO 3 AUTH me [redacted] SETNAME x'],
    [['hello', '3', 'setname', 'x', 'auth', 'me', 'hunter2'], 'HELLO 3 setname x auth me [redacted]'],
    [
      ['ACL', 'SETUSER', 'me', 'on', '>hunter2', '<hunter2', '#hunter2', '!hunter2', '~*', '+@all'],
      'ACL SETUSER me on >[redacted] <[redacted] #[redacted] ![redacted] ~* …',
    ],
    [['CONFIG', 'SET', 'maxmemory', '1', 'RequirePass', 'hunter2'], 'CONFIG SET maxmemory 1 RequirePass [redacted]'],
    [['config', 'set', 'masterauth', 'hunter2'], 'CONFIG set masterauth [redacted]'],
    [['SENTINEL', 'SET', 'main', 'auth-pass', 'hunter2'], 'SENTINEL SET main auth-pass [redacted]'],
    [['MIGRATE', 'h', '1', 'k', '0', '9', 'COPY', 'AUTH', 'hunter2'], 'MIGRATE h 1 k 0 9 COPY AUTH [redacted]'],
    [['MIGRATE', 'h', '1', '', '0', '9', 'AUTH2', 'me', 'hunter2'], 'MIGRATE h 1 "" 0 9 AUTH2 me [redacted]'],
  ])('%j', (words, summary) => {
    const steps = [client(command(...words)), server('+OK\r\n')];
    const [line = ''] = lines(run(steps));
    expect(line).toBe(`${summary} → "OK"`);
    const typed = [client(`${words.map((word) => (word === '' ? '""' : word)).join(' ')}\r\n`), server('+OK\r\n')];
    for (const text of [everything(steps), everything(typed), everything(steps.slice(0, 1))]) {
      expect(text).not.toContain('hunter2');
    }
  });

  test('also of commands that end in the middle, or of which bytes are missing', () => {
    for (const words of [
      ['AUTH', 'me', 'hunter2'],
      ['HELLO', '3', 'AUTH', 'me', 'hunter2'],
      ['CONFIG', 'SET', 'requirepass', 'hunter2'],
      ['ACL', 'SETUSER', 'me', '>hunter2'],
      ['MIGRATE', 'h', '1', 'k', '0', '9', 'AUTH', 'hunter2'],
    ]) {
      const bytes = command(...words);
      const secret = bytes.indexOf('hunter2');
      for (let at = 0; at < secret; at++) {
        for (const gapBytes of [1, 2, 5]) {
          if (at + gapBytes > secret) continue;
          const steps: ParserStep[] = [
            client(bytes.subarray(0, at)),
            { direction: 'egress', gapBytes },
            client(bytes.subarray(at + gapBytes)),
            client(command('PING')),
          ];
          expect(everything(steps), `${words.join(' ')}: ${gapBytes} missing at ${at}`).not.toContain('hunter2');
        }
      }
      for (let end = 0; end < bytes.length; end++) {
        expect(everything([client(bytes.subarray(0, end))])).not.toContain('hunter');
      }
    }
  });
});

describe('passwords in replies are never shown', () => {
  const settings = ['maxmemory', '0', 'requirepass', 'hunter2'];
  const flat = Buffer.concat([Buffer.from('*4\r\n'), ...settings.map(bulk)]);
  const map = Buffer.concat([Buffer.from('%2\r\n'), ...settings.map(bulk)]);

  test.each([
    ['CONFIG GET', flat],
    ['CONFIG GET', map],
    ['EXEC', Buffer.concat([Buffer.from('*1\r\n'), flat])],
    ['ACL LIST', bulk(`user default on #${HASH}a ~* +@all`)],
    ['ACL GENPASS', bulk('hunter2')],
    ['ACL GETUSER', Buffer.concat([Buffer.from('%1\r\n+passwords\r\n*1\r\n'), bulk('hunter2')])],
    ['ACL GETUSER', Buffer.concat([Buffer.from('*2\r\n+passwords\r\n*1\r\n'), bulk('hunter2')])],
    ['SLOWLOG GET', Buffer.concat([Buffer.from('*1\r\n*2\r\n:1\r\n'), command('AUTH', 'hunter2')])],
  ])('%s', (words, reply) => {
    const steps = [client(command(...words.split(' '))), server(reply)];
    const shown = everything(steps);
    expect(shown).toContain('[redacted]');
    // Alone, nobody knows what it answers.
    for (const text of [shown, everything([server(reply)], { joinedLate: true })]) {
      expect(text).not.toContain(HASH);
      if (words !== 'ACL GENPASS' || text === shown) expect(text).not.toContain('hunter2');
    }
  });

  test('what only looks like it is shown', () => {
    expect(lines(run([client(command('LRANGE', 'k', '0', '-1')), server(flat)]))).toEqual([
      'LRANGE k 0 -1 → ["maxmemory", "0", "requirepass", "hunter2"]',
    ]);
  });
});

describe('passwords in lines of MONITOR are never shown', () => {
  test.each([
    ['"AUTH" "hunter2"', '"AUTH" "[redacted]"'],
    ['"config" "set" "requirepass" "hunter2"', '"config" "set" "requirepass" "[redacted]"'],
    ['"AUTH" "hunter2', ''],
  ])('%s', (shown, masked) => {
    const text = everything([client(command('MONITOR')), server('+OK\r\n', `+1.5 [0 a:1] ${shown}\r\n`)]);
    expect(text).not.toContain('hunter2');
    expect(text).toContain(masked);
  });
});
