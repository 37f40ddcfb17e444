// SPDX-License-Identifier: Apache-2.0
import { existsSync, readFileSync } from 'node:fs';

/** How many flows of a JSON lines file show a request and its response out of TLS. The last line may be unfinished. */
export function countDecryptedFlows(file) {
  if (!existsSync(file)) return 0;
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line)).filter((flow) => flow.tls && flow.request && flow.response).length;
}
