// SPDX-License-Identifier: Apache-2.0
import { ConfigError, type GrpcSchema } from '@flowtap/core';
import type { Root } from 'protobufjs';
import { readDescriptorSet } from './descriptor-set.js';
import { ProtoFiles } from './proto-files.js';
import { ProtobufSchema } from './protobuf-schema.js';

export interface GrpcSchemaOptions {
  /**
   * Where imports are looked for, in this order, before the importing file's own folder; and given files that are not where
   * their path says. @default none
   */
  readonly includePaths?: readonly string[];
}

/**
 * Reads `.proto` files with what they import, and descriptor sets (`protoc --include_imports --descriptor_set_out`), as
 * which every file with another ending is taken. Google's well-known types need not be there.
 *
 * @example
 * const grpcSchema = loadGrpcSchema(['echo.proto'], { includePaths: ['api'] });
 * const tap = createTap({ source, protocols: [http2({ grpcSchema }), http1()] });
 *
 * @throws ConfigError `CONFIG_INVALID_OPTION` when a file cannot be read or is wrong, or none has a service.
 */
export function loadGrpcSchema(files: readonly string[], { includePaths = [] }: GrpcSchemaOptions = {}): GrpcSchema {
  const sources = new ProtoFiles(includePaths);
  const roots = new Set<Root>();
  const schema = new ProtobufSchema();
  for (const file of files) {
    attempt(file, () => roots.add(file.endsWith('.proto') ? sources.read(file) : readDescriptorSet(file)));
  }
  attempt(files.join(', '), () => {
    for (const root of roots) schema.add(root);
  });
  if (schema.isEmpty) {
    throw new ConfigError('CONFIG_INVALID_OPTION', `There is no gRPC service in ${files.join(', ') || 'no files'}.`, {
      hint: 'Give the files that have "service" definitions.',
    });
  }
  return schema;
}

function attempt(what: string, read: () => void): void {
  try {
    read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError('CONFIG_INVALID_OPTION', `The gRPC schema ${what} cannot be used: ${reason}.`, { cause });
  }
}
