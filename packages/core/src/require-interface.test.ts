// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import type { Exporter } from './delivery/exporter.js';
import type { ProtocolPlugin } from './parsing/protocol-plugin.js';
import { createTap } from './tap/tap.js';
import { FakeSource } from './testing/fake-source.js';
import { lineProtocol } from './testing/line-protocol.js';

const exporter: Exporter = {
  apiVersion: 1,
  name: 'silent',
  export: async () => ({ status: 'ok' }),
  flush: async () => {},
  shutdown: async () => {},
};

/** A tap is made of what a program that TypeScript did not check may give. */
const tapOf = (protocol: unknown, output: unknown = exporter) =>
  createTap({
    source: new FakeSource(),
    protocols: [protocol as ProtocolPlugin],
    exporters: [output as Exporter],
  });

describe('a tap', () => {
  it('takes plugins and exporters that keep the interface', () => {
    expect(() => tapOf(lineProtocol())).not.toThrow();
  });

  it.each([
    [
      'a later version',
      { ...lineProtocol(), apiVersion: 2 },
      'CONFIG_API_VERSION',
      /line has apiVersion 2, not 1.*Install/,
    ],
    ['no version', { name: 'x' }, 'CONFIG_API_VERSION', /x has apiVersion undefined/],
    ['something empty', {}, 'CONFIG_API_VERSION', /a protocol plugin without a name has apiVersion undefined/],
    ['a factory', lineProtocol, 'CONFIG_INVALID_OPTION', /function lineProtocol is no protocol plugin.*Call it/],
    ['nothing', undefined, 'CONFIG_INVALID_OPTION', /undefined is no protocol plugin/],
    ['no name', { ...lineProtocol(), name: '' }, 'CONFIG_INVALID_OPTION', /has the name ""/],
    ['an exporter', exporter, 'CONFIG_INVALID_OPTION', /silent has no detect, no createParser/],
  ])('refuses %s as a protocol', (_, protocol, code, message) => {
    expect(() => tapOf(protocol)).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it.each([
    ['a later version', { ...exporter, apiVersion: 2 }, 'CONFIG_API_VERSION', /silent has apiVersion 2, not 1/],
    ['a protocol', lineProtocol(), 'CONFIG_INVALID_OPTION', /line has no export, no flush, no shutdown/],
  ])('refuses %s as an exporter', (_, output, code, message) => {
    expect(() => tapOf(lineProtocol(), output)).toThrow(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });
});
