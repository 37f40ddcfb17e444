// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { formatReport } from './doctor.js';

const kernel = { name: 'kernel', ok: true, required: true, detail: 'Linux 6.18' };
const privileges = { name: 'privileges', ok: false, required: true, detail: 'no CAP_BPF', remedy: 'Run as root.' };
const uprobes = { name: 'uprobes', ok: false, required: false, detail: 'refused', remedy: 'TLS stays encrypted.' };

it('gives every check one line, with the remedy where something is missing', () => {
  const lines = formatReport({ ok: false, checks: [kernel, privileges, uprobes] })
    .trimEnd()
    .split('\n');
  expect(lines).toEqual([
    'ok       kernel      Linux 6.18',
    'MISSING  privileges  no CAP_BPF; Run as root.',
    'absent   uprobes     refused; TLS stays encrypted.',
    expect.stringMatching(/^flowtap cannot capture on this machine/),
  ]);
});

it('says that capturing is possible without what is not required, and what it costs others', () => {
  const lines = formatReport({ ok: true, checks: [kernel, uprobes] })
    .trimEnd()
    .split('\n');
  expect(lines.at(-2)).toMatch(/^note .* µs a call/);
  expect(lines.at(-1)).toBe('flowtap can capture on this machine.');
});
