// SPDX-License-Identifier: Apache-2.0
import type { SqlRequest, SqlResponse } from '@flowtap/core';

declare module '@flowtap/core' {
  interface ProtocolMessages {
    postgresql: { request: SqlRequest; response: SqlResponse };
  }
}
