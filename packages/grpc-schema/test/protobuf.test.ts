// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { describeWithPython, runPython } from '../../../test/support/python.js';
import { loadGrpcSchema } from '../src/index.js';

interface Made {
  readonly bytes: string;
  readonly json: unknown;
}

const protos = fileURLToPath(new URL('./protos', import.meta.url));
const call = { service: 'test.v1.Echo', method: 'Chat', half: 'request' } as const;
let directory = '';
let descriptorSet = '';

// protoc and Python's protobuf are Google's own: what they say is right.
describeWithPython('google.protobuf', "messages of Python's protobuf", () => {
  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), 'flowtap-grpc-schema-'));
    descriptorSet = join(directory, 'echo.bin');
    const set = ['--include_imports', `--descriptor_set_out=${descriptorSet}`];
    execFileSync('protoc', [`--proto_path=${protos}`, ...set, 'echo.proto']);
  });
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  test.each([1, 2, 3])(
    'have the JSON that it gives them, by .proto files and by a descriptor set (seed %i)',
    (seed) => {
      const schemas = [loadGrpcSchema([join(protos, 'echo.proto')]), loadGrpcSchema([descriptorSet])];
      const made = runPython<Made>(new URL('./python/make_messages.py', import.meta.url), descriptorSet, String(seed));
      expect(made.length).toBe(300);
      for (const { bytes, json } of made) {
        for (const schema of schemas) {
          expect(schema.decode(call, Buffer.from(bytes, 'hex'))).toEqual({ type: 'test.v1.Item', json });
        }
      }
    },
  );

  test('a descriptor set without its imports is refused, and the error says how to make one', () => {
    const lean = join(directory, 'lean.bin');
    execFileSync('protoc', [`--proto_path=${protos}`, `--descriptor_set_out=${lean}`, 'echo.proto']);
    expect(() => loadGrpcSchema([lean])).toThrow(/lean\.bin cannot be used: .*--include_imports/);
  });
});
