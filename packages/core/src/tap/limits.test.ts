// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { checkProtocols } from '../parsing/protocol-list.js';
import { lineProtocol } from '../testing/line-protocol.js';
import { DEFAULT_LIMITS, resolveLimits, type TapLimits } from './limits.js';

describe('resolveLimits', () => {
  it('keeps the defaults beside what is given', () => {
    expect(resolveLimits({ maxBodyBytes: 0 })).toEqual({ ...DEFAULT_LIMITS, maxBodyBytes: 0 });
    const absent: Record<string, number | undefined> = { maxConnections: undefined };
    expect(resolveLimits(absent as Partial<TapLimits>)).toEqual(DEFAULT_LIMITS);
  });

  it('refuses unknown names and values out of range, naming both', () => {
    const misspelt: Record<string, number> = { maxConnection: 1 };
    expect(() => resolveLimits(misspelt)).toThrow(/limits\.maxConnection is not a limit.*maxConnections/);
    for (const value of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(() => resolveLimits({ maxConnections: value })).toThrow(`limits.maxConnections is ${value}.`);
    }
  });
});

describe('checkProtocols', () => {
  it('refuses two plugins of one name', () => {
    expect(() => checkProtocols([lineProtocol(), lineProtocol()], 8192)).toThrow(
      expect.objectContaining({ code: 'CONFIG_DUPLICATE_PROTOCOL' }),
    );
  });

  it('refuses a plugin that could never see as many bytes as it needs', () => {
    expect(() => checkProtocols([{ ...lineProtocol(), probeBytes: 9000 }], 8192)).toThrow(/probeBytes 9000.*8192/);
  });
});
