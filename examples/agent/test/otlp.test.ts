// SPDX-License-Identifier: Apache-2.0
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type OtlpReceiver,
  receiveGrpc,
  receiveHttp,
} from '../../../packages/otlp-exporter/test/support/otlp-receiver.js';
import { type Bundle, bundle } from './bundle.js';
import { type CliResult, runProcess } from './cli-process.js';

const recording = fileURLToPath(new URL('../fixtures/demo.flowlog', import.meta.url));
let cli: Bundle;

beforeAll(async () => {
  cli = await bundle('src/cli.ts');
}, 60_000);

afterAll(() => cli.remove());

function replayTo(...outputs: readonly string[]): Promise<CliResult> {
  const args = outputs.flatMap((output) => ['--output', output]);
  return runProcess(process.execPath, [cli.script, 'replay', recording, ...args]);
}

describe.each([
  ['otlp:http', receiveHttp],
  ['otlp+grpc', receiveGrpc],
] as const)('%s', (scheme, receive) => {
  async function withReceiver(use: (receiver: OtlpReceiver, output: string) => Promise<void>): Promise<void> {
    const receiver = await receive();
    try {
      await use(receiver, `${scheme}://127.0.0.1:${receiver.port}`);
    } finally {
      await receiver.stop();
    }
  }

  it('gets a span for each flow', () =>
    withReceiver(async ({ received }, output) => {
      const { status, stdout } = await replayTo(output, 'json');
      const flows = stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as { readonly durationMs: number });
      expect(status).toBe(0);
      expect(received.spans.length).toBe(flows.length);
      expect(received.spans.map(({ startNs, endNs }) => Math.round(Number(endNs - startNs) / 1000))).toEqual(
        flows.map(({ durationMs }) => Math.round(durationMs * 1000)),
      );
    }));

  it('tells when the receiver took a part only', () =>
    withReceiver(async ({ received }, output) => {
      received.rejectedSpans = 2;
      const { stderr } = await replayTo(output);
      expect(stderr).toMatch(/otlp: .*rejectedSpans.*2.*too old/);
    }));
});

it.each([
  ['otlp:http://example.org:4318', 'give an https URL, or --plaintext'],
  ['otlp+grpc://example.org:4317', 'give --tls, or --plaintext'],
])('%s is another host and needs TLS', async (output, remedy) => {
  const { status, stderr } = await replayTo(output);
  expect(status).not.toBe(0);
  expect(stderr).toContain('is another host, and flows would go there unencrypted;');
  expect(stderr).toContain(remedy);
});
