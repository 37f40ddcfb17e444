// SPDX-License-Identifier: Apache-2.0
import type { GrpcSchema } from '@flowtap/core';

export interface GrpcSchemaFiles {
  readonly proto?: readonly string[];
  readonly protoPath?: readonly string[];
}

/**
 * What --proto and --proto-path give; undefined without --proto.
 *
 * @throws ConfigError when a file cannot be used.
 */
export async function createGrpcSchema({ proto, protoPath = [] }: GrpcSchemaFiles): Promise<GrpcSchema | undefined> {
  if (proto === undefined) return undefined;
  // The library for it takes a moment to load: only who asks for it waits.
  const { loadGrpcSchema } = await import('@flowtap/grpc-schema');
  return loadGrpcSchema(proto, { includePaths: protoPath });
}
