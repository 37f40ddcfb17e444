// SPDX-License-Identifier: Apache-2.0
import type { HttpRequest, HttpResponse } from '@flowtap/core';

declare module '@flowtap/core' {
  interface ProtocolMessages {
    websocket: { request: HttpRequest; response: HttpResponse };
  }
}
