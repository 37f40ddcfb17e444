// SPDX-License-Identifier: Apache-2.0
import type { Flow } from '../flow/flow.js';
import { endpointText, isHttpMessage } from '../http/http-flow.js';
import { type FlowCheck, sqlOf, urlOf } from './expect-flow-checks.js';

/** Further flows are only counted. */
const MAX_SHOWN_FLOWS = 10;

/** Which of the flows are as expected. */
export function matching(flows: readonly Flow[], checks: readonly FlowCheck[]): readonly Flow[] {
  return flows.filter((flow) => checks.every((check) => check.passes(flow)));
}

/**
 * What was expected and what was there instead, the nearest first, each with what is different.
 *
 * @param wanted begins the first line, such as `expected a flow`
 */
export function mismatchReport(wanted: string, flows: readonly Flow[], checks: readonly FlowCheck[]): string {
  const near = flows
    .map((flow) => ({ flow, failed: checks.filter((check) => !check.passes(flow)) }))
    .sort((a, b) => a.failed.length - b.failed.length);
  const lines = near.map(({ flow, failed }) => {
    const differences = failed.map((check) => `\n      ${check.name}: ${check.actual(flow)}`).join('');
    return `  ${failed.length === 0 ? '✓' : '✗'} ${flowLine(flow)}${differences}`;
  });
  return report(wanted, checks, flows.length === 0 ? 'but no flow was captured' : 'but what was captured is', lines);
}

/** The flows that are as they should not be. */
export function unwantedReport(wanted: string, flows: readonly Flow[], checks: readonly FlowCheck[]): string {
  const lines = flows.map((flow) => `  ${flowLine(flow)}`);
  return report(wanted, checks, `but there ${flows.length === 1 ? 'is' : 'are'} ${flows.length}`, lines);
}

function report(wanted: string, checks: readonly FlowCheck[], found: string, lines: readonly string[]): string {
  const expected = checks.map((check) => `\n  ${check.name}: ${check.expected}`).join('');
  const more = lines.length - MAX_SHOWN_FLOWS;
  return [
    `${wanted}${checks.length === 0 ? '' : ' with'}${expected}`,
    lines.length === 0 ? `${found}.` : `${found}:`,
    ...lines.slice(0, MAX_SHOWN_FLOWS),
    ...(more > 0 ? [`  … and ${more} more`] : []),
  ].join('\n');
}

/** `POST http://localhost:8080/orders → 201, node (1234)` */
function flowLine(flow: Flow): string {
  const { comm, pid } = flow.process;
  return `${what(flow)}, ${comm} (${pid})`;
}

function what(flow: Flow): string {
  const destination = flow.destination === undefined ? '' : ` ${endpointText(flow.destination)}`;
  if (flow.kind === 'opaque') return `encrypted, not readable:${flow.sni === undefined ? destination : ` ${flow.sni}`}`;
  const answer = isHttpMessage(flow.response) ? flow.response.status : (flow.error?.code ?? 'answered');
  const url = urlOf(flow);
  if (url !== undefined && isHttpMessage(flow.request)) return `${flow.request.method} ${url} → ${answer}`;
  return `${flow.protocol}${destination} ${sqlOf(flow) ?? ''} → ${answer}`;
}
