// SPDX-License-Identifier: Apache-2.0
import type { HttpBody } from '../http/http-body.js';

/** A message by its schema: its value, or why there is none. */
export type GrpcDecodedMessage =
  | {
      /** Full name of the message type, such as `test.v1.Item`. */
      readonly type: string;
      /** ProtoJSON: names in lowerCamelCase, 64-bit integers as strings, bytes as base64, enum values by name. */
      readonly json: unknown;
      /** Fields on the wire that the schema does not have, in the message and in those within it. Absent when none. */
      readonly unknownFields?: number;
    }
  | {
      readonly type?: string;
      /** One sentence. */
      readonly error: string;
    };

/** Which messages a call has; `half` says who sends the one in question. */
export interface GrpcMessageKind {
  /** Full name, with its package. */
  readonly service: string;
  readonly method: string;
  readonly half: 'request' | 'response';
}

/** Knows the messages of services. `loadGrpcSchema` of `@flowtap/grpc-schema` makes one of .proto files. */
export interface GrpcSchema {
  /** Never throws. `bytes` is one serialized message without its compression. */
  decode(kind: GrpcMessageKind, bytes: Uint8Array): GrpcDecodedMessage;
}

/** One length-prefixed message of a gRPC call. */
export interface GrpcMessage {
  /** Milliseconds from the start of the flow to the message's last byte. */
  readonly offsetMs: number;
  /** Whether it is compressed with the encoding of its direction. */
  readonly compressed: boolean;
  /** The serialized message. `contentEncoding` is the announced encoding where the message uses it. */
  readonly content: HttpBody;
  /** The message by its schema; computed at each call, never throws. Absent where no schema was given. */
  decoded?(): GrpcDecodedMessage;
}

/** What gRPC adds to either half of a call. */
export interface GrpcDetails {
  /** In wire order. Of a body that was captured in part, those beyond have no bytes; beyond 1,000 none are listed. */
  readonly messages: readonly GrpcMessage[];
  /** Messages that passed, listed or not. */
  readonly messageCount: number;
  /** Bytes were missed that tell where messages begin: there may have been more. */
  readonly messagesLost?: true;
  /** grpc-encoding, lower case. Absent when none was announced. */
  readonly encoding?: string;
}

export interface GrpcRequestDetails extends GrpcDetails {
  /** Full name, with its package. Absent, like `method`, when the path is not known. */
  readonly service?: string;
  readonly method?: string;
}

export interface GrpcResponseDetails extends GrpcDetails {
  /** grpc-status. Absent when it was not seen. */
  readonly status?: number;
  /** Its name, such as `NOT_FOUND`. Absent for numbers without one. */
  readonly statusName?: string;
  /** grpc-message, percent-decoded. */
  readonly message?: string;
}
