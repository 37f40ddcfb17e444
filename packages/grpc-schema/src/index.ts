// SPDX-License-Identifier: Apache-2.0
export { type GrpcSchemaOptions, loadGrpcSchema } from './load-grpc-schema.js';
