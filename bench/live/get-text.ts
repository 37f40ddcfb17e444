// SPDX-License-Identifier: Apache-2.0
import { get } from 'node:http';

/** What a server on this port of loopback answers to a request for its first page. */
export function getText(port: number, timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = get({ host: '127.0.0.1', port, agent: false, timeout: timeoutMs }, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
      response.once('error', reject);
    });
    request.once('error', reject);
    request.once('timeout', () => request.destroy(new Error('the server did not answer in time')));
  });
}
