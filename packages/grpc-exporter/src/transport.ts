// SPDX-License-Identifier: Apache-2.0
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { CallError } from './call-error.js';
import type { ResolvedConnectionOptions } from './options.js';

/** Calls in a row that ran out of time, after which the channel is taken for stuck. */
const MAX_TIMEOUTS = 2;
const INITIAL_RECONNECT_MS = 200;
const MAX_RECONNECT_MS = 3000;

export interface StreamListener {
  message(bytes: Buffer): void;
  /** Called once, last. `error` is absent when the server ended the stream in order. */
  end(error: CallError | undefined): void;
}

/** A stream of messages in both directions. */
export interface OpenStream {
  /** Resolves when the message is handed to the connection and there is room for another, or the stream has ended. */
  write(bytes: Uint8Array): Promise<void>;
  /** Says that nothing more comes; the server then ends the stream. */
  finish(): void;
  cancel(): void;
}

/**
 * Calls of bytes in, bytes out, to one server. The channel is made at the first call, reconnects by itself with backoff
 * and jitter, and is replaced when calls get no answer any more. The only place that knows the gRPC library.
 */
export class Transport {
  readonly #options: ResolvedConnectionOptions;
  readonly #streams = new Set<ClientDuplexStream<Buffer, Buffer>>();
  #client: Client | undefined;
  #timeouts = 0;
  #isClosed = false;
  /** Channels that were given up because they hung. */
  replacedChannels = 0;

  constructor(options: ResolvedConnectionOptions) {
    this.#options = options;
  }

  /** @throws CallError */
  unary(path: string, request: Uint8Array, signal?: AbortSignal): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const client = this.#connected();
      const deadline = Date.now() + this.#options.callTimeoutMs;
      const call = client.makeUnaryRequest<Buffer, Buffer>(
        path,
        asIs,
        asIs,
        asBuffer(request),
        this.#metadata(),
        { deadline },
        (error, answer) => {
          signal?.removeEventListener('abort', cancel);
          this.noteOutcome(error?.code === status.DEADLINE_EXCEEDED, client);
          if (error === null && answer !== undefined) resolve(answer);
          else reject(this.#callError(error));
        },
      );
      const cancel = () => call.cancel();
      signal?.addEventListener('abort', cancel, { once: true });
      if (signal?.aborted === true) cancel();
    });
  }

  /** Ends at once when the server cannot be reached. */
  stream(path: string, listener: StreamListener): OpenStream {
    const call = this.#connected().makeBidiStreamRequest<Buffer, Buffer>(path, asIs, asIs, this.#metadata());
    this.#streams.add(call);
    let ended = false;
    const writers = new Set<() => void>();
    const wake = (): void => {
      for (const writer of writers) writer();
      writers.clear();
    };
    call.on('drain', wake);
    call.on('data', (bytes: Buffer) => listener.message(bytes));
    // `status` tells the same, and always comes.
    call.on('error', () => {});
    call.on('status', ({ code, details }) => {
      ended = true;
      this.#streams.delete(call);
      wake();
      listener.end(code === status.OK ? undefined : this.#callError({ code, details }));
    });
    return {
      write: (bytes) =>
        new Promise((resolve) => {
          if (ended || call.write(asBuffer(bytes))) resolve();
          else writers.add(resolve);
        }),
      finish: () => call.end(),
      cancel: () => call.cancel(),
    };
  }

  /** A user of streams tells here whether an answer came in time; unary calls do so themselves. */
  noteOutcome(timedOut: boolean, client = this.#client): void {
    if (client !== this.#client) return;
    this.#timeouts = timedOut ? this.#timeouts + 1 : 0;
    if (this.#timeouts < MAX_TIMEOUTS) return;
    this.replacedChannels += 1;
    this.#options.logger.debug(`gRPC ${this.#options.address.text}: the connection hangs and is replaced.`);
    this.#disconnect();
  }

  close(): void {
    this.#isClosed = true;
    this.#disconnect();
  }

  #disconnect(): void {
    this.#timeouts = 0;
    for (const stream of this.#streams) stream.cancel();
    this.#client?.close();
    this.#client = undefined;
  }

  #connected(): Client {
    if (this.#isClosed) throw new CallError('EXPORT_ABORTED', 'The connection is closed.', false);
    const { address, tls } = this.#options;
    this.#client ??= new Client(address.target, channelCredentials(tls), channelOptions(this.#options));
    return this.#client;
  }

  #metadata(): Metadata {
    const metadata = new Metadata();
    if (this.#options.token !== undefined) metadata.set('authorization', `Bearer ${this.#options.token}`);
    return metadata;
  }

  #callError(error: Pick<ServiceError, 'code' | 'details'> | null): CallError {
    const { text } = this.#options.address;
    const code = error?.code ?? status.UNKNOWN;
    const because = error === null || error.details === '' ? (status[code] ?? String(code)) : error.details;
    switch (code) {
      case status.DEADLINE_EXCEEDED:
        return new CallError('EXPORT_TIMEOUT', `${text} did not answer in ${this.#options.callTimeoutMs} ms.`, true);
      case status.UNAVAILABLE:
        return new CallError('EXPORT_UNAVAILABLE', `${text} cannot be reached: ${because}.`, true);
      // What a server that is shutting down may answer, and we ourselves when the channel is replaced.
      case status.CANCELLED:
      case status.ABORTED:
        return new CallError('EXPORT_ABORTED', `The call to ${text} was given up: ${because}.`, true);
      case status.RESOURCE_EXHAUSTED:
        return new CallError('EXPORT_REJECTED', `${text} has no room: ${because}.`, true);
      case status.UNAUTHENTICATED:
      case status.PERMISSION_DENIED:
        return new CallError('EXPORT_REJECTED', `${text} refuses us: ${because}.`, false, 'Check the token.');
      default:
        return new CallError('EXPORT_REJECTED', `${text} answered ${status[code] ?? code}: ${because}.`, false);
    }
  }
}

function channelCredentials(tls: ResolvedConnectionOptions['tls']): ChannelCredentials {
  if (tls === undefined) return credentials.createInsecure();
  return credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.certificate ?? null);
}

function channelOptions({ address, tls }: ResolvedConnectionOptions): ChannelOptions {
  return {
    'grpc.initial_reconnect_backoff_ms': INITIAL_RECONNECT_MS,
    'grpc.max_reconnect_backoff_ms': MAX_RECONNECT_MS,
    // Otherwise a new channel would get the hanging connection of the one that it replaces.
    'grpc.use_local_subchannel_pool': 1,
    ...(address.isLocal ? { 'grpc.enable_http_proxy': 0 } : {}),
    ...(tls?.serverName === undefined
      ? {}
      : { 'grpc.ssl_target_name_override': tls.serverName, 'grpc.default_authority': tls.serverName }),
  };
}

function asIs(bytes: Buffer): Buffer {
  return bytes;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
