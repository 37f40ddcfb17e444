// SPDX-License-Identifier: Apache-2.0
import type { GrpcDecodedMessage, GrpcMessageKind, GrpcSchema } from '@flowtap/core';
import protobuf from 'protobufjs';
import protojson from 'protobufjs/ext/protojson.js';

/** The messages of the services in one or more sets of definitions. */
export class ProtobufSchema implements GrpcSchema {
  /** By `service/method`. */
  readonly #methods = new Map<string, Readonly<Record<GrpcMessageKind['half'], protobuf.Type>>>();

  get isEmpty(): boolean {
    return this.#methods.size === 0;
  }

  /** Adds all services below. Where two define the same method, the first one stays. */
  add(namespace: protobuf.NamespaceBase): void {
    for (const nested of namespace.nestedArray) {
      if (nested instanceof protobuf.Service) this.#addService(nested);
      if (nested instanceof protobuf.Namespace) this.add(nested);
    }
  }

  decode({ service, method, half }: GrpcMessageKind, bytes: Uint8Array): GrpcDecodedMessage {
    const type = this.#methods.get(`${service}/${method}`)?.[half];
    if (type === undefined) return { error: `The schema has no method ${service}/${method}.` };
    const name = nameOf(type);
    try {
      const reader = protobuf.Reader.create(bytes);
      // Kept, so that they can be counted.
      reader.discardUnknown = false;
      const message = type.decode(reader);
      const unknownFields = countUnknownFields(message);
      return { type: name, json: protojson.toJson(type, message), ...(unknownFields > 0 ? { unknownFields } : {}) };
    } catch (error) {
      return { type: name, error: `The message is no ${name} of the schema: ${(error as Error).message}.` };
    }
  }

  #addService(service: protobuf.Service): void {
    for (const method of service.methodsArray) {
      const { resolvedRequestType: request, resolvedResponseType: response } = method.resolve() as protobuf.Method;
      const key = `${nameOf(service)}/${method.name}`;
      if (request !== null && response !== null && !this.#methods.has(key))
        this.#methods.set(key, { request, response });
    }
  }
}

/** Full names begin with a dot in protobuf.js. */
function nameOf(object: protobuf.ReflectionObject): string {
  return object.fullName.slice(1);
}

/** In the message and in those within it. A schema that is not the message's shows mostly by them. */
function countUnknownFields(value: unknown): number {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return 0;
  let count = '$unknowns' in value && Array.isArray(value.$unknowns) ? value.$unknowns.length : 0;
  for (const inner of Object.values(value)) count += countUnknownFields(inner);
  return count;
}
