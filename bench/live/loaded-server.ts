// SPDX-License-Identifier: Apache-2.0

export type Scheme = 'http' | 'https';

/** What a load is put on: one process, on loopback. */
export interface LoadedServer {
  /** The process that answers. */
  readonly workerPid: number;
  /** A copy of the file with SSL_read and SSL_write, of this server alone: uprobes belong to the file, so they meet no one else. */
  readonly tlsFile: string;
  url(scheme: Scheme): string;
  /** What the server counts itself: requests that it has read, this question included. */
  requests(): Promise<number>;
}
