// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
// Adds Root.fromDescriptor.
import 'protobufjs/ext/descriptor.js';

/** @throws Error when it is not there, is something else, or lacks what it imports. */
export function readDescriptorSet(file: string): protobuf.Root {
  const bytes = readFileSync(file);
  try {
    const root = protobuf.Root.fromDescriptor(bytes);
    root.resolveAll();
    return root;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const remedy = 'it is to end in .proto, or to be made by protoc --include_imports --descriptor_set_out';
    throw new Error(`${reason}; ${remedy}`, { cause });
  }
}
