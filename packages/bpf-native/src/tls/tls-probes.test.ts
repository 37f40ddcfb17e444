// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { TlsFunction } from '../records/record-layout.js';
import { planTlsProbes, TLS_SYMBOLS } from './tls-probes.js';

const all = new Map([...TLS_SYMBOLS].map((name, index) => [name, 0x1000 + 0x20 * index]));
const without = (...names: readonly string[]) => new Map([...all].filter(([name]) => !names.includes(name)));

const gnutls = new Map([...all].filter(([name]) => name.startsWith('gnutls_')));
const openssl = new Map([...all].filter(([name]) => name.startsWith('SSL_')));

function plan(functions: ReadonlyMap<string, number>) {
  const { place, probes } = planTlsProbes(functions, undefined) ?? { place: undefined, probes: [] };
  const [calls] = probes;
  const cookieOf = (name: string) => {
    const found = probes.flatMap(({ offsets, cookies }) => cookies[offsets.indexOf(functions.get(name) ?? -1)] ?? []);
    return found[0];
  };
  return { place, probes, calls, cookieOf };
}

describe('probes of OpenSSL whose code cannot be decoded', () => {
  it('follow a transfer to its return and see of the other functions the entry', () => {
    expect(plan(all).probes.map(({ program }) => program)).toEqual(['tls_call', 'tls_entry']);
    expect(plan(all).place).toBe('exported');
  });

  it('are on transfers alone where the functions beside them have no symbols', () => {
    const transfers = new Map([...openssl].filter(([name]) => /^SSL_(read|write)$/.test(name)));
    expect(plan(transfers).probes.map(({ program }) => program)).toEqual(['tls_call']);
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
    const old = new Map([...openssl].filter(([name]) => !name.includes('_ex')));
    const { calls } = plan(old);
    expect(calls?.cookies).toEqual([TlsFunction.read, TlsFunction.write]);
  });

  it.each(['SSL_read', 'SSL_write'])('are none on a file without %s: plaintext does not pass it', (name) => {
    expect(planTlsProbes(new Map([...openssl].filter(([other]) => other !== name)), undefined)).toBeUndefined();
  });
});

describe('probes of GnuTLS', () => {
  it('are on the functions that take or give plaintext, and on those that tell its socket and its end', () => {
    const { place, calls, cookieOf } = plan(gnutls);
    expect(place).toBe('exported');
    expect(calls?.offsets).toHaveLength(6);
    expect(cookieOf('gnutls_record_recv')).toBe(TlsFunction.read);
    expect(cookieOf('gnutls_record_send2')).toBe(TlsFunction.write);
    expect(cookieOf('gnutls_record_recv_packet')).toBe(TlsFunction.readUnseen);
    expect(cookieOf('gnutls_transport_set_int2')).toBe(TlsFunction.setFd);
    expect(cookieOf('gnutls_transport_set_ptr')).toBe(TlsFunction.setPointer);
    expect(cookieOf('gnutls_deinit')).toBe(TlsFunction.free);
  });

  it('are behind a landing pad where the next instruction is one that the kernel emulates', () => {
    const code = Buffer.alloc(0x2000, 0xcc);
    const receive = gnutls.get('gnutls_record_recv') ?? 0;
    const send = gnutls.get('gnutls_record_send') ?? 0;
    code.set([0xf3, 0x0f, 0x1e, 0xfa, 0x41, 0x57], receive); // endbr64; push %r15
    code.set([0xf3, 0x0f, 0x1e, 0xfa, 0x48, 0x83, 0xec, 0x18], send); // endbr64; sub $0x18,%rsp
    const probes = planTlsProbes(gnutls, (offset, bytes) => code.subarray(offset, offset + bytes))?.probes;
    const offsetOf = (cookie: number) => probes?.[0]?.offsets[probes[0].cookies.indexOf(cookie)];
    expect(offsetOf(TlsFunction.read)).toBe(receive + 4);
    expect(offsetOf(TlsFunction.write)).toBe(send);
  });

  it('stand beside those of OpenSSL in a file that has both', () => {
    const { probes } = plan(all);
    expect(probes[0]?.offsets).toHaveLength(4 + 6);
    expect(planTlsProbes(all, undefined)?.library).toBe('openssl');
    expect(planTlsProbes(gnutls, undefined)?.library).toBe('gnutls');
  });
});
