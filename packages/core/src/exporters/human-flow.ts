// SPDX-License-Identifier: Apache-2.0
import type { ExchangeFlow, Flow, FlowGap, OpaqueFlow } from '../flow/flow.js';
import { describeMessage } from '../flow/message-description.js';
import { isSqlRequest, isSqlResponse } from '../flow/sql-messages.js';
import { endpointText, isHttpMessage, requestUrl } from '../http/http-flow.js';
import { messageToJson } from '../json/message-json.js';
import { bodyLines } from './human-body.js';
import { grpcLines } from './human-grpc.js';
import { sqlRequestLines, sqlRequestSummary, sqlResponseLines, sqlResponseSummary } from './human-sql.js';
import type { Palette } from './palette.js';
import { formatBytes, formatDuration, formatTime, printable } from './terminal-text.js';

export interface HumanFormat {
  readonly palette: Palette;
  /** Show headers and bodies. */
  readonly details: boolean;
  /** Characters of a body that are shown. */
  readonly maxBodyBytes: number;
}

/** A block of lines for a person: what happened in the first one, then headers and the beginning of the bodies. */
export function humanFlow(flow: Flow, format: HumanFormat): string {
  const lines = flow.kind === 'opaque' ? opaqueLines(flow, format) : exchangeLines(flow, format);
  return `${lines.join('\n')}\n${format.details ? '\n' : ''}`;
}

function exchangeLines(flow: ExchangeFlow, format: HumanFormat): readonly string[] {
  const { palette } = format;
  const summary = [
    ...opening(flow, palette),
    ...requestSummary(flow, palette),
    responseSummary(flow, palette),
    palette.dim(`${formatDuration(flow.durationMs)}  ${sizes(flow)}`.trimEnd()),
  ];
  const lines = [summary.join('  ')];
  if (format.details) {
    lines.push(...requestLines(flow.request, format), ...responseLines(flow.response, format));
  }
  if (!flow.complete)
    lines.push(`  ${palette.problem(`✗ incomplete: ${printable(flow.error?.message ?? 'no reason given')}`)}`);
  else if (flow.error !== undefined) lines.push(`  ${palette.problem(`! ${printable(flow.error.message)}`)}`);
  lines.push(...gapLines(flow.gaps, palette));
  return lines;
}

function opaqueLines(flow: OpaqueFlow, { palette }: HumanFormat): readonly string[] {
  const end = flow.destination ?? flow.remote;
  const peer = end === undefined ? '' : endpointText(end);
  const name = flow.sni === undefined ? peer : `${flow.sni} ${peer}`.trimEnd();
  const alpn = flow.alpn === undefined || flow.alpn.length === 0 ? '' : ` (${flow.alpn.join(', ')})`;
  const summary = [
    ...opening(flow, palette),
    `${palette.method('TLS')} ${printable(name)}${printable(alpn)}`,
    palette.problem(`not readable: ${printable(flow.reason.message)}`),
    palette.dim(
      `${formatDuration(flow.durationMs)}  ↑ ${formatBytes(flow.bytes.egress)} ↓ ${formatBytes(flow.bytes.ingress)}`,
    ),
  ];
  return [summary.join('  '), ...gapLines(flow.gaps, palette)];
}

/** The arrow tells the way of the request: out of the observed process, or into it. */
export function opening(flow: Flow, palette: Palette): readonly string[] {
  const arrow = flow.role === 'client' ? '→' : flow.role === 'server' ? '←' : '·';
  const { comm, pid } = flow.process;
  const time = palette.dim(formatTime(flow.startTimeMs));
  const where = flow.container === undefined ? '' : `${flow.container.name} `;
  return [`${palette.arrow(arrow)} ${time}`, palette.process(`${printable(where + comm)}(${pid})`)];
}

export function requestSummary(flow: ExchangeFlow, palette: Palette): readonly string[] {
  const { request } = flow;
  if (request === undefined) return [palette.problem('(request not seen)')];
  if (isSqlRequest(request)) return [sqlRequestSummary(request, palette)];
  if (!isHttpMessage(request)) return [describedRequest(request, palette) ?? palette.method(printable(flow.protocol))];
  return [`${palette.method(printable(request.method))} ${printable(requestUrl(flow, request))}`];
}

export function responseSummary(flow: ExchangeFlow, palette: Palette): string {
  const { response } = flow;
  if (response === undefined) return palette.problem('no response');
  if (isSqlResponse(response)) return sqlResponseSummary(response, palette);
  if (!isHttpMessage(response)) return describedResponse(response, palette) ?? palette.bold('answered');
  return palette.status(response.status)(`${response.status} ${printable(response.reason)}`.trimEnd());
}

function describedRequest(request: object, palette: Palette): string | undefined {
  const summary = describeMessage(request)?.summary;
  if (summary === undefined) return undefined;
  const [first = ''] = summary.split(' ', 1);
  return palette.method(printable(first)) + printable(summary.slice(first.length));
}

function describedResponse(response: object, palette: Palette): string | undefined {
  const described = describeMessage(response);
  if (described === undefined) return undefined;
  return (described.isFailure === true ? palette.problem : palette.bold)(printable(described.summary));
}

/** Bytes of the two bodies, as the observed process sees them: sent and received. Of a conversation its messages. */
function sizes({ request, response, role, messageCount }: ExchangeFlow): string {
  if (messageCount !== undefined) return messageCount === 1 ? '1 message' : `${messageCount} messages`;
  const requestBytes = isHttpMessage(request) ? request.body.size : undefined;
  const responseBytes = isHttpMessage(response) ? response.body.size : undefined;
  const [sent, received] = role === 'server' ? [responseBytes, requestBytes] : [requestBytes, responseBytes];
  const part = (arrow: string, bytes: number | undefined) =>
    bytes === undefined ? '' : `${arrow} ${formatBytes(bytes)}`;
  return `${part('↑', sent)} ${part('↓', received)}`.trim();
}

function requestLines(request: ExchangeFlow['request'], format: HumanFormat): readonly string[] {
  if (!isSqlRequest(request)) return messageLines(request, '>', format);
  return sqlRequestLines(request, format.maxBodyBytes).map((line) => `  ${format.palette.dim('>')} ${line}`);
}

function responseLines(response: ExchangeFlow['response'], format: HumanFormat): readonly string[] {
  if (!isSqlResponse(response)) return messageLines(response, '<', format);
  return sqlResponseLines(response, format.maxBodyBytes).map((line) => `  ${format.palette.dim('<')} ${line}`);
}

function messageLines(
  message: ExchangeFlow['request'] | ExchangeFlow['response'],
  mark: string,
  { palette, maxBodyBytes }: HumanFormat,
): readonly string[] {
  if (message === undefined) return [];
  const prefix = `  ${palette.dim(mark)} `;
  if (!isHttpMessage(message)) {
    const json = messageToJson(message) ?? '';
    return [prefix + printable(json.slice(0, maxBodyBytes)) + (json.length > maxBodyBytes ? '…' : '')];
  }
  const header = ([name, value]: readonly [string, string]) =>
    `${prefix}${palette.headerName(`${printable(name)}:`)} ${printable(value)}`;
  const messages = message.grpc && grpcLines(message.grpc, maxBodyBytes);
  const body = (messages ?? bodyLines(message, maxBodyBytes)).map((line) => `  ${palette.dim('│')} ${line}`);
  return [...message.headers.map(header), ...body, ...(message.trailers ?? []).map(header)];
}

function gapLines(gaps: readonly FlowGap[] | undefined, palette: Palette): readonly string[] {
  return (gaps ?? []).map(({ direction, bytes, reason }) => {
    const way = direction === 'egress' ? 'sent' : 'received';
    return `  ${palette.problem(`! ${formatBytes(bytes)} that were ${way} were not captured (${printable(reason)})`)}`;
  });
}
