// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest, HttpResponse } from '@flowtap/core';

declare module '@flowtap/core' {
  interface ProtocolMessages {
    'http/2': { request: HttpRequest; response: HttpResponse };
    grpc: { request: HttpRequest; response: HttpResponse };
  }
}
