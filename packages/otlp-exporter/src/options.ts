// SPDX-License-Identifier: Apache-2.0
import { ConfigError, isLoopback } from '@flowtap/core';

/** PEM. */
export interface OtlpTlsOptions {
  /** Certificates of the authorities to trust. @default those of Node.js */
  readonly ca?: Buffer;
  /** Our own certificate and its key, for a receiver that asks for one (mTLS). */
  readonly certificate?: Buffer;
  readonly key?: Buffer;
  /** Name that the receiver's certificate must have. @default the host of the URL */
  readonly serverName?: string;
}

/**
 * How to reach a receiver. What is not said here is taken from the environment variables `OTEL_EXPORTER_OTLP_*`, such as
 * `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_EXPORTER_OTLP_COMPRESSION`.
 */
export interface OtlpOptions {
  /**
   * `http://host:4318` or `https://host:4318` for OTLP over HTTP with protobuf; without a path it goes to `/v1/traces`.
   * `grpc://host:4317` or, with TLS, `grpcs://host:4317` for OTLP over gRPC.
   */
  readonly url: string;
  /** For `https` and `grpcs`; makes `grpc` the same as `grpcs`. */
  readonly tls?: OtlpTlsOptions;
  /** Sent as `authorization: Bearer <token>` with each request. */
  readonly token?: string;
  /** Allows plaintext to another host. Captured traffic is secret: whoever is on the way can read it. @default false */
  readonly plaintext?: boolean;
  /** Time for one batch, attempts that are repeated included, in milliseconds. @default 10000 */
  readonly callTimeoutMs?: number;
}

export interface ResolvedOtlpOptions {
  readonly kind: 'http' | 'grpc';
  /** With the scheme `http` or `https`, as the exporters of OpenTelemetry take it. */
  readonly url: string;
  readonly tls: OtlpTlsOptions | undefined;
  readonly token: string | undefined;
  readonly callTimeoutMs: number;
}

const DEFAULT_CALL_TIMEOUT_MS = 10_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
const HTTP_PATH = '/v1/traces';

/** @throws ConfigError `CONFIG_INVALID_OPTION`, `CONFIG_PLAINTEXT` */
export function resolveOtlpOptions(options: OtlpOptions): ResolvedOtlpOptions {
  const { url: text, token, plaintext = false, callTimeoutMs = DEFAULT_CALL_TIMEOUT_MS } = options;
  const { scheme, url } = parseUrl(text);
  const isGrpc = scheme.startsWith('grpc');
  const isSecure = scheme.endsWith('s') || (isGrpc && options.tls !== undefined);
  const tls = isSecure ? (options.tls ?? {}) : undefined;
  if (options.tls !== undefined && !isSecure) {
    throw invalid(`tls is given, but ${text} is not encrypted.`, 'Write https://, or leave tls out.');
  }
  if (!isSecure && !plaintext && !isLoopback(url.hostname.replace(/^\[|\]$/g, ''))) {
    throw new ConfigError(
      'CONFIG_PLAINTEXT',
      `${url.host} is another host, and the spans would go there unencrypted.`,
      {
        hint: `Use ${isGrpc ? 'grpcs' : 'https'}://, or allow plaintext if nobody else is on the way.`,
      },
    );
  }
  if ((tls?.certificate === undefined) !== (tls?.key === undefined)) {
    throw invalid('tls has a certificate or a key, but not the other.', 'Give both.');
  }
  // RFC 6750 §2.1, and a header's value must be one line.
  if (token !== undefined && !/^[\x21-\x7e]+$/.test(token)) {
    throw invalid('token is empty, or has characters that cannot be sent.', 'Give it without spaces and line breaks.');
  }
  if (!Number.isInteger(callTimeoutMs) || callTimeoutMs < 1 || callTimeoutMs > MAX_TIMER_MS) {
    throw invalid(`callTimeoutMs cannot be ${callTimeoutMs}.`, `It is a whole number from 1 to ${MAX_TIMER_MS}.`);
  }
  url.protocol = isSecure ? 'https:' : 'http:';
  if (!isGrpc && url.pathname === '/') url.pathname = HTTP_PATH;
  return { kind: isGrpc ? 'grpc' : 'http', url: url.href, tls, token, callTimeoutMs };
}

function parseUrl(text: string): { readonly scheme: string; readonly url: URL } {
  const [, scheme, rest = ''] = /^(https?|grpcs?):\/\/(\S+)$/.exec(text) ?? [];
  // A URL cannot change from a scheme that it does not know to one that it does.
  const asHttp = `http${scheme?.endsWith('s') === true ? 's' : ''}://${rest}`;
  if (scheme === undefined || !URL.canParse(asHttp)) {
    throw invalid(
      `'${text}' is not the URL of a receiver.`,
      'Write http://host:4318 or grpc://host:4317, or https or grpcs.',
    );
  }
  return { scheme, url: new URL(asHttp) };
}

function invalid(message: string, hint: string): ConfigError {
  return new ConfigError('CONFIG_INVALID_OPTION', message, { hint });
}
