// SPDX-License-Identifier: Apache-2.0
// The arguments of every system call that moves bytes, as this architecture and this back end pass them.
import { once } from 'node:events';
import { join } from 'node:path';
import { type Backend, BpfSource } from '@flowtap/bpf-native';
import { expect, test } from 'vitest';
import { captured, expectTotals, logged } from '../../packages/bpf-native/test/support/call-log.js';
import type { SentData, SentEvent } from '../../packages/bpf-native/test/support/recorder-messages.js';
import { describeLive } from '../live/support/needs.js';
import { useScene } from '../live/support/scene.js';

const scene = useScene();

describeLive('every call that moves bytes gives its bytes, in order, once', [], () => {
  test.each(['ipv4', 'ipv6', 'socketpair', '@flowtap-test'])('on %s', async (kind) => {
    const backend = (process.env['FLOWTAP_TEST_BACKEND'] ?? 'auto') as Backend | 'auto';
    const source = new BpfSource({ backend });
    const events: SentEvent[] = [];
    source.on('data', (event) => events.push({ ...event, bytes: Buffer.from(event.bytes).toString('latin1') }));
    source.on('close', (event) => events.push(event));
    source.on('lost', (event) => events.push(event));
    await source.start();
    const log = scene.path('calls.log');
    const program = join(process.env['FLOWTAP_TEST_PROGRAMS'] ?? '', 'calls');
    const child = await source.spawn(program, [log, kind], { stdio: 'ignore' });
    const [status] = child.exitCode === null ? await once(child, 'exit') : [child.exitCode];
    await source.stop();

    expect(status).toBe(0);
    const streams = logged(log);
    expect(Object.keys(streams)).toHaveLength(4);
    expect(captured(events.filter((event): event is SentData => event.type === 'data'))).toEqual(streams);
    expectTotals(events, streams);
    expect(events.filter(({ type }) => type === 'lost')).toEqual([]);
  });
});
