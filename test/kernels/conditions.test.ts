// SPDX-License-Identifier: Apache-2.0
// Machines that lack something: what they lack is hidden from the command in a mount namespace of its own.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { useCertificate } from '../live/support/certificate.js';
import { readJsonLines } from '../live/support/flow.js';
import { cliPath } from '../live/support/flowtap.js';
import { describeLive } from '../live/support/needs.js';
import type { Ended } from '../live/support/program.js';
import { PythonServer } from '../live/support/python.js';
import { useScene } from '../live/support/scene.js';

const scene = useScene();
const certificate = useCertificate();
const BTF = '/sys/kernel/btf/vmlinux';
const KPROBES = '/sys/devices/kprobe';
const TRACING = ['/sys/kernel/tracing', '/sys/kernel/debug'];

interface Captured {
  readonly scheme?: string;
  readonly kind: string;
  readonly complete?: boolean;
}

/** `flowtap run -- curl` over HTTP and HTTPS, after these commands of a shell. */
async function runAfter(
  setup: readonly string[],
  prefix: readonly string[] = [],
): Promise<Ended & { flows: readonly Captured[] }> {
  const plain = await PythonServer.start(scene);
  const tls = await PythonServer.start(scene, { certificate });
  const directory = scene.path('output');
  mkdirSync(directory);
  // Not every one of them runs as root.
  chmodSync(directory, 0o777);
  const file = `${directory}/flows.jsonl`;
  const curl = `curl -s '${plain.url('/?id=1')}'; curl -sk '${tls.url('/?id=2')}'`;
  const command = [process.execPath, cliPath, 'run', '--output', `jsonl:${file}`, '--', 'sh', '-c', curl];
  const script = [...setup, 'exec "$@"'].join(' && ');
  const ended = await scene.run('unshare', ['--mount', 'sh', '-c', script, 'sh', ...prefix, ...command]);
  return { ...ended, flows: readJsonLines<Captured>(file) };
}

function hide(...directories: readonly string[]): readonly string[] {
  return directories.filter((path) => existsSync(path)).map((path) => `mount -t tmpfs tmpfs ${path}`);
}

/** The kernel's types under another name: what looks for the tracepoint of system calls finds none. */
function withoutTracepoint(): readonly string[] {
  const types = readFileSync(BTF);
  const name = '\0btf_trace_sys_exit\0';
  types.write(name.replace('exit', 'none'), types.indexOf(name, 0, 'latin1'), 'latin1');
  writeFileSync(scene.path('btf'), types);
  return [`mount --bind ${scene.path('btf')} ${BTF}`];
}

function expectBoth({ stderr, status, flows }: Awaited<ReturnType<typeof runAfter>>): void {
  expect(status, stderr).toBe(0);
  expect(flows).toMatchObject([
    { scheme: 'http', complete: true },
    { scheme: 'https', complete: true },
  ]);
}

function expectRefusal({ status, stderr, flows }: Awaited<ReturnType<typeof runAfter>>, says: RegExp): void {
  expect(stderr).toMatch(/^flowtap: .+\n$/);
  expect(stderr).toMatch(says);
  expect(status).toBeGreaterThan(0);
  expect(flows).toEqual([]);
}

describeLive('a machine', ['curl', 'openssl', 'unshare', 'setpriv'], () => {
  test('without BTF is told so', async () => {
    expectRefusal(await runAfter(hide('/sys/kernel/btf')), /btf: .*CONFIG_DEBUG_INFO_BTF=y/);
  });

  test('without tracefs captures', async () => {
    expectBoth(await runAfter(hide(...TRACING)));
  });

  test('with neither back end is told so', async () => {
    const setup = [...withoutTracepoint(), ...hide(KPROBES)];
    expectRefusal(await runAfter(setup), /neither raw tracepoints .*CONFIG_FTRACE_SYSCALLS=y.*CONFIG_KPROBES=y/);
  });

  test.runIf(existsSync(KPROBES))('with kprobes only captures by them', async () => {
    const result = await runAfter(withoutTracepoint());
    expectBoth(result);
    expect(result.stderr).toContain('by kprobe');
  });

  test('with CAP_BPF and CAP_PERFMON only captures what is plain, and TLS or says what that takes', async () => {
    const capabilities = ['--inh-caps', '-all,+bpf,+perfmon', '--ambient-caps', '-all,+bpf,+perfmon'];
    const nobody = ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', ...capabilities];
    const { status, stderr, flows } = await runAfter([], nobody);
    expect(status, stderr).toBe(0);
    expect(flows[0]).toMatchObject({ scheme: 'http', complete: true });
    if (flows[1]?.kind === 'flow') expect(flows[1]).toMatchObject({ scheme: 'https', complete: true });
    else expect(stderr).toContain('CAP_SYS_ADMIN');
  });
});
