// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ConfigError } from '@flowtap/core';
import { pseudoRandomBytes } from '@flowtap/core/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadGrpcSchema } from './load-grpc-schema.js';

const ECHO = 'syntax = "proto3"; package a; import "b/part.proto";';
const SERVICE = 'service S { rpc Do (b.Part) returns (b.Part); }';
const PART = 'syntax = "proto3"; package b; message Part { string name = 1; Part part = 2; }';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'flowtap-grpc-schema-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, content: string): string {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

const call = { service: 'a.S', method: 'Do', half: 'request' } as const;
const hello = Buffer.from('0a0568656c6c6f', 'hex');

describe('imports', () => {
  it('are found beside the file that has them', () => {
    write('b/part.proto', PART);
    const schema = loadGrpcSchema([write('echo.proto', ECHO + SERVICE)]);
    expect(schema.decode(call, hello)).toEqual({ type: 'b.Part', json: { name: 'hello' } });
  });

  it('are found on an include path, first of all', () => {
    write('other/b/part.proto', PART);
    write('b/part.proto', 'this is not for us');
    const schema = loadGrpcSchema([write('echo.proto', ECHO + SERVICE)], { includePaths: [join(directory, 'other')] });
    expect(schema.decode(call, hello)).toMatchObject({ json: { name: 'hello' } });
  });

  it('and so is a file that is given by its name there', () => {
    write('api/b/part.proto', PART);
    write('api/only-here.proto', ECHO + SERVICE);
    const schema = loadGrpcSchema(['only-here.proto'], { includePaths: [join(directory, 'api')] });
    expect(schema.decode(call, hello)).toMatchObject({ json: { name: 'hello' } });
  });

  it('may be given as files too, and a file twice', () => {
    const part = write('b/part.proto', PART);
    const echo = write('echo.proto', ECHO + SERVICE);
    expect(loadGrpcSchema([part, echo, echo]).decode(call, hello)).toMatchObject({ json: { name: 'hello' } });
  });
});

describe('files that cannot be used are refused with the reason', () => {
  it.each([
    ['a syntax error', `${ECHO} message {`, /illegal type name '\{'.*line 1/],
    ['an import that is nowhere', ECHO + SERVICE, /imports b\/part\.proto, which is not in /],
    ['an unknown type', 'syntax = "proto3"; message M { Missing x = 1; }', /no such .*'Missing'/],
    ['an unknown type of a method', 'syntax = "proto3"; service S { rpc Do (X) returns (X); }', /no such .*X/i],
    ['no service', 'syntax = "proto3"; message M {}', /no gRPC service/],
  ])('%s', (_name, content, message) => {
    const file = write('x.proto', content);
    expect(() => loadGrpcSchema([file])).toThrow(ConfigError);
    expect(() => loadGrpcSchema([file])).toThrow(message);
    expect(() => loadGrpcSchema([file])).toThrow('x.proto');
  });

  it('a file that is not there, of either kind', () => {
    expect(() => loadGrpcSchema([join(directory, 'none.proto')])).toThrow(/none\.proto.*ENOENT/);
    expect(() => loadGrpcSchema([join(directory, 'none.bin')])).toThrow(/none\.bin.*ENOENT/);
  });

  it('a file that is neither kind', () => {
    expect(() => loadGrpcSchema([write('notes.txt', 'not a descriptor set')])).toThrow(
      /is to end in \.proto, or to be made by protoc/,
    );
  });
});

describe('a message', () => {
  const schemaOf = () => {
    write('b/part.proto', PART);
    return loadGrpcSchema([write('echo.proto', ECHO + SERVICE)]);
  };

  it('of a method that the schema does not have says so', () => {
    expect(schemaOf().decode({ ...call, method: 'Undo' }, hello)).toEqual({
      error: 'The schema has no method a.S/Undo.',
    });
  });

  it('that does not fit says so', () => {
    for (const bytes of [hello.subarray(0, 4), Buffer.from('0a02ffff', 'hex'), Buffer.from([0xff])]) {
      expect(schemaOf().decode(call, bytes)).toEqual({
        type: 'b.Part',
        error: expect.stringMatching(/^The message is no b\.Part of the schema: /),
      });
    }
  });

  it('with fields that the schema does not have says how many, also within', () => {
    const part = Buffer.concat([hello, Buffer.from('1801', 'hex')]);
    expect(schemaOf().decode(call, part)).toEqual({ type: 'b.Part', json: { name: 'hello' }, unknownFields: 1 });
    const within = Buffer.concat([Buffer.from([0x12, part.length]), part, Buffer.from('2001', 'hex')]);
    expect(schemaOf().decode(call, within)).toMatchObject({ json: { part: { name: 'hello' } }, unknownFields: 2 });
  });

  it('that nests without end says so', () => {
    let nested = Buffer.alloc(0);
    for (let depth = 0; depth < 10_000; depth++) nested = Buffer.concat([prefix(nested.length), nested]);
    expect(schemaOf().decode(call, nested)).toMatchObject({ error: expect.stringContaining('depth') });
  });

  it('of any bytes never throws', () => {
    const schema = schemaOf();
    for (let seed = 1; seed <= 3000; seed++) {
      const decoded = schema.decode(call, pseudoRandomBytes(seed, seed % 50));
      expect('json' in decoded || decoded.error.length > 0).toBe(true);
    }
  });
});

/** Field 2 with so many bytes. */
function prefix(length: number): Buffer {
  const bytes = [0x12];
  let left = length;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  return Buffer.from([...bytes, left]);
}
