// SPDX-License-Identifier: Apache-2.0
import { expect, test } from 'vitest';
import { receiveGrpc, receiveHttp } from '../../packages/otlp-exporter/test/support/otlp-receiver.js';
import { run } from './support/flowtap.js';
import { describeLive } from './support/needs.js';
import { PythonServer } from './support/python.js';
import { useScene } from './support/scene.js';

const scene = useScene();
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

describeLive('spans', ['curl'], () => {
  test.each([
    ['HTTP', receiveHttp, 'otlp:http'],
    ['gRPC', receiveGrpc, 'otlp+grpc'],
  ] as const)('over %s belong to the trace that the request names', async (_, receive, scheme) => {
    const receiver = await receive();
    scene.onClose(() => receiver.stop());
    const server = await PythonServer.start(scene);
    const traceparent = `traceparent: 00-${TRACE}-${SPAN}-01`;
    const command = [
      'curl',
      '-s',
      '-H',
      traceparent,
      server.url('/echo?id=1'),
      '--next',
      server.url('/missing?status=404'),
    ];
    const beganMs = Date.now();
    const { stats, flows } = await run(scene, command, ['--output', `${scheme}://127.0.0.1:${receiver.port}`]);
    const endedMs = Date.now();
    expect(stats.exporters).toContainEqual(expect.objectContaining({ exported: 2, failed: 0, dropped: 0 }));
    const [traced, untraced, ...others] = receiver.received.spans;
    expect(others).toEqual([]);
    expect(traced).toMatchObject({
      traceId: TRACE,
      parentSpanId: SPAN,
      name: 'GET',
      kind: 'SPAN_KIND_CLIENT',
      status: 'STATUS_CODE_UNSET',
      attributes: { 'url.full': server.url('/echo?id=1'), 'http.response.status_code': 200 },
      resource: { 'service.name': 'curl', 'process.executable.path': '/usr/bin/curl' },
    });
    expect(untraced).toMatchObject({
      parentSpanId: '',
      status: 'STATUS_CODE_ERROR',
      attributes: { 'error.type': '404' },
    });
    expect(untraced?.traceId).not.toBe(TRACE);
    for (const [index, span] of receiver.received.spans.entries()) {
      const [startMs, endMs] = [Number(span.startNs) / 1e6, Number(span.endNs) / 1e6];
      expect(startMs).toBeGreaterThan(beganMs);
      expect(endMs).toBeLessThan(endedMs);
      expect(endMs - startMs).toBeCloseTo(flows[index]?.durationMs ?? -1, 2);
    }
  });
});
