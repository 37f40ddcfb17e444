// SPDX-License-Identifier: Apache-2.0
import type { GrpcDecodedMessage, GrpcMessage, GrpcMessageKind, GrpcSchema, HttpBody } from '@flowtap/core';

/** A message with the schema that it is decoded by when somebody looks at it. */
export class SchemaMessage implements GrpcMessage {
  readonly offsetMs: number;
  readonly compressed: boolean;
  readonly content: HttpBody;
  readonly #schema: GrpcSchema;
  readonly #kind: GrpcMessageKind | undefined;

  /** @param kind Undefined where the path of the call is not known. */
  constructor(message: GrpcMessage, schema: GrpcSchema, kind: GrpcMessageKind | undefined) {
    this.offsetMs = message.offsetMs;
    this.compressed = message.compressed;
    this.content = message.content;
    this.#schema = schema;
    this.#kind = kind;
  }

  decoded(): GrpcDecodedMessage {
    if (this.#kind === undefined) return { error: 'The method of the call is not known.' };
    if (this.content.truncated) return { error: 'The message was captured in part.' };
    const { bytes, error } = this.content.decoded();
    return error === undefined ? this.#schema.decode(this.#kind, bytes) : { error };
  }

  toJSON(): object {
    const { offsetMs, compressed, content } = this;
    return { offsetMs, compressed, decoded: this.decoded(), content };
  }
}
