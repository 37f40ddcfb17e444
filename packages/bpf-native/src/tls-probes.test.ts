// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { TlsFunction } from './record-layout.js';
import { planTlsProbes, TLS_SYMBOLS } from './tls-probes.js';

const all = new Map([...TLS_SYMBOLS].map((name, index) => [name, 0x1000 + index]));
const without = (...names: readonly string[]) => new Map([...all].filter(([name]) => !names.includes(name)));

function plan(functions: ReadonlyMap<string, number>) {
  const { place, probes } = planTlsProbes(functions, undefined) ?? { place: undefined, probes: [] };
  const [atReturn, atEntry] = probes;
  const cookieOf = (name: string) => atEntry?.cookies[atEntry.offsets.indexOf(functions.get(name) ?? -1)];
  return { place, probes, atReturn, atEntry, cookieOf };
}

describe('probes of a TLS library whose code cannot be decoded', () => {
  it('are on the return of a transfer before they are on its entry', () => {
    expect(plan(all).probes.map(({ program, atReturn }) => ({ program, atReturn }))).toEqual([
      { program: 'tls_return', atReturn: true },
      { program: 'tls_entry', atReturn: false },
    ]);
    expect(plan(all).place).toBe('exported');
  });

  it('tell the program at each offset which function it is and where its count argument is', () => {
    const { cookieOf } = plan(without('SSL_write_ex2'));
    expect(cookieOf('SSL_read')).toBe(TlsFunction.read);
    expect(cookieOf('SSL_write')).toBe(TlsFunction.write);
    expect(cookieOf('SSL_read_ex')).toBe(TlsFunction.readEx | (4 << 8));
    expect(cookieOf('SSL_write_ex')).toBe(TlsFunction.writeEx | (4 << 8));
    for (const name of ['SSL_set_fd', 'SSL_set_rfd', 'SSL_set_wfd']) expect(cookieOf(name)).toBe(TlsFunction.setFd);
  });

  it('count the bytes of SSL_write_ex once where it is a wrapper of SSL_write_ex2', () => {
    const { cookieOf } = plan(all);
    expect(cookieOf('SSL_write_ex')).toBeUndefined();
    expect(cookieOf('SSL_write_ex2')).toBe(TlsFunction.writeEx | (5 << 8));
  });

  it('do without functions that an older library lacks', () => {
    const { atReturn } = plan(without('SSL_read_ex', 'SSL_write_ex', 'SSL_write_ex2'));
    expect(atReturn?.cookies).toEqual([TlsFunction.read, TlsFunction.write]);
  });

  it.each(['SSL_read', 'SSL_write'])('are none on a file without %s: plaintext does not pass it', (name) => {
    expect(planTlsProbes(without(name), undefined)).toBeUndefined();
  });
});
