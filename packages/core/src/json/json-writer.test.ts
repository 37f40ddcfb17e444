// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonWriter } from './json-writer.js';

function written(write: (writer: JsonWriter) => void): string {
  const writer = new JsonWriter(4);
  write(writer);
  return writer.view().toString('utf8');
}

describe('the JSON writer', () => {
  it('writes numbers as JSON.stringify does', () => {
    const edges = fc.constantFrom(0, -0, 1, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, -1, 0.5, Number.NaN, Infinity);
    fc.assert(
      fc.property(fc.oneof(edges, fc.integer(), fc.maxSafeInteger(), fc.double()), (value) => {
        expect(written((writer) => writer.number(value))).toBe(JSON.stringify(value));
      }),
    );
  });

  it('writes thousandths as JSON.stringify does', () => {
    const edges = fc.constantFrom(0, 1, 10, 100, 999, 1000, 1001, 1010, 2 ** 31 - 1, 2 ** 31, 0.5, -5, Number.NaN);
    fc.assert(
      fc.property(fc.oneof(edges, fc.nat(), fc.maxSafeInteger()), (value) => {
        expect(written((writer) => writer.thousandths(value))).toBe(JSON.stringify(value / 1000));
      }),
    );
  });

  it('pads digits', () => {
    expect(written((writer) => writer.digits(42, 6))).toBe('000042');
  });

  it('writes valid UTF-8 as JSON.stringify does, wherever the character to escape is', () => {
    const text = fc.string({
      unit: fc.constantFrom('a', 'é', '€', '"', '\\', '\n', '\u0001', 'xyz0123456789'),
      maxLength: 300,
    });
    fc.assert(
      fc.property(text, (value) => {
        expect(written((writer) => writer.utf8(Buffer.from(value)))).toBe(JSON.stringify(value));
      }),
      { numRuns: 500 },
    );
  });

  it('repeats what it wrote of the same object, from the third time on', () => {
    const writer = new JsonWriter(4);
    const object = {};
    let made = 0;
    for (let i = 0; i < 4; i++) {
      if (writer.repeat(7, object)) continue;
      const start = writer.length;
      writer.string(`made ${++made}`);
      writer.remember(7, object, start);
    }
    expect(writer.view().toString()).toBe('"made 1""made 2""made 2""made 2"');
  });

  it('goes on repeating after it was cleared', () => {
    const writer = new JsonWriter(4);
    const object = {};
    for (const text of ['a', 'b']) {
      writer.string(text);
      writer.remember(7, object, writer.length - 3);
    }
    writer.clear();
    writer.string('other');
    writer.clear();
    expect(writer.repeat(7, object)).toBe(true);
    expect(writer.view().toString()).toBe('"b"');
  });

  it('forgets an object when another one took its place', () => {
    const writer = new JsonWriter(4);
    const [one, other] = [{}, {}];
    for (const object of [one, one, other]) {
      writer.string('a');
      writer.remember(7, object, writer.length - 3);
    }
    expect(writer.repeat(7, one)).toBe(false);
    expect(writer.repeat(7, other)).toBe(false);
    writer.remember(7, other, writer.length - 3);
    expect(writer.repeat(7, other)).toBe(true);
  });
});
